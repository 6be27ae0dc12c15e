/**
 * Who of a turn may go now: decided when the turn begins, by what has become of the instances before it. Instances that
 * may be down count as down, so that no customer loses another one meanwhile, and no host more than it may.
 */
import { nameOf } from './fleet.ts'
import { describeMet, isBad, type Met, mayBeDown, wasLeft } from './outcomes.ts'

export interface Next {
  readonly host: string
  readonly id: string
  readonly customer?: string
  /** Moments in milliseconds between which it must begin. */
  readonly notBefore?: number
  readonly notAfter?: number
}

export interface Bounds {
  readonly errorBudget: number
  readonly maxDownPerHost: number
  readonly maxDownPerCustomer: number
  readonly isBack: boolean
}

export interface Admission {
  readonly hosts: ReadonlyMap<string, { readonly ids: string[]; readonly atOnce: number }>
  /** Sentences: who does not go, and why. */
  readonly held: readonly string[]
}

export function admit(next: readonly Next[], met: readonly Met[], bounds: Bounds, now: Date): Admission {
  const down = met.filter(mayBeDown)
  const hosts = new Map<string, { ids: string[]; atOnce: number }>()
  const ofCustomers = new Map<string, number>()
  const held: string[] = []
  for (const one of next) {
    const { host, id, customer } = one
    const downHere = down.filter(each => each.host === host)
    const downOfCustomer = down.filter(each => customer !== undefined && each.customer === customer)
    const going = customer === undefined ? 0 : (ofCustomers.get(customer) ?? 0)
    const share = hosts.get(host) ?? { ids: [], atOnce: 0 }
    const obstacle = met.some(each => each.host === host && each.id === id)
      ? 'it went already'
      : (closedWindow(one, now) ??
        (downHere.length >= bounds.maxDownPerHost ? `of its host ${listed(downHere)} may be down` : undefined) ??
        (downOfCustomer.length + going >= bounds.maxDownPerCustomer
          ? `of its customer ${listed(downOfCustomer)} may be down`
          : undefined))
    if (obstacle !== undefined) {
      held.push(`${nameOf(one)} is left as it is: ${obstacle}`)
      continue
    }
    share.ids.push(id)
    share.atOnce = Math.min(share.ids.length, bounds.maxDownPerHost - downHere.length)
    hosts.set(host, share)
    if (customer !== undefined) ofCustomers.set(customer, going + 1)
  }
  return { hosts, held }
}

function closedWindow({ notBefore, notAfter }: Next, now: Date): string | undefined {
  if (notBefore !== undefined && now.getTime() < notBefore) return 'its maintenance window is not open yet'
  return notAfter !== undefined && now.getTime() > notAfter ? 'its maintenance window closes too early now' : undefined
}

/** How many more may fail before it stops. */
export const budgetLeft = (met: readonly Met[], { errorBudget, isBack }: Bounds) =>
  Math.max(0, errorBudget - met.filter(one => isBad(one, isBack)).length)

/** Why no turn may begin any more; undefined while the error budget lasts. */
export function whyToStop(met: readonly Met[], untouched: number, bounds: Bounds): string | undefined {
  const bad = met.filter(one => isBad(one, bounds.isBack))
  if (bad.length <= bounds.errorBudget) return undefined
  const left = met.filter(wasLeft).length
  const rest =
    untouched + left === 0 ? '' : ` The ${untouched + left} instances that would have followed are as they were.`
  return `The update stops: ${bad.length} of ${met.length - left} instances are not as asked for, and the error budget is ${bounds.errorBudget}: ${listed(bad)}.${rest} See to what stopped it, then run this again: it goes on where it was.`
}

const MOST_NAMED = 5

function listed(met: readonly Met[]): string {
  const named = met.slice(0, MOST_NAMED).map(describeMet).join(', ')
  return met.length > MOST_NAMED ? `${named} and ${met.length - MOST_NAMED} more` : named
}
