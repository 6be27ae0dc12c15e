/**
 * A wave in turns. Instances that go in one turn may all be down at once, across hosts, so no turn has more of one customer
 * than may be; how many of a host are down at once is up to the host, which is told so.
 */
import type { Member } from './fleet.ts'
import { type Lanes, lanes, secondsFor } from './lanes.ts'
import { describeMoment, type Opening, openings } from './windows.ts'

export interface Pace {
  readonly maxDownPerHost: number
  readonly maxDownPerCustomer: number
  /** For instances whose outage was never measured. */
  readonly usualSeconds: number
  /** What a turn takes beside its outages. */
  readonly secondsPerTurn: number
  /** How many hosts Ansible works on at once. */
  readonly forks: number
}

export interface Seat {
  readonly member: Member
  readonly seconds: number
  /** Moments in milliseconds between which it must begin. */
  readonly notBefore?: number
  readonly notAfter?: number
}

export interface Share {
  readonly atOnce: number
  readonly seconds: number
  readonly seats: readonly Seat[]
}

export interface Turn {
  readonly seconds: number
  readonly hosts: ReadonlyMap<string, Share>
}

export interface Waiting {
  readonly member: Member
  readonly reason: string
}

interface Candidate extends Seat {
  readonly openings?: readonly Opening[]
}

/** `start` is when the wave is expected to begin. */
export function turnsOf(
  members: readonly Member[],
  pace: Pace,
  start: number,
): { turns: Turn[]; waiting: Waiting[]; seconds: number } {
  let queue = members.map(member => candidate(member, pace, start)).sort(mostUrgentFirst)
  const turns: Turn[] = []
  let seconds = 0
  while (queue.length > 0) {
    const { turn, rest } = nextTurn(queue, pace, start + seconds * 1000)
    if (turn === undefined) break
    turns.push(turn)
    seconds += turn.seconds
    queue = rest
  }
  const waiting = queue.map(({ member, ...seat }) => ({
    member,
    reason: reasonOf(member, seat, start + seconds * 1000),
  }))
  return { turns, waiting, seconds }
}

function candidate(member: Member, pace: Pace, start: number): Candidate {
  const seconds = member.outageSeconds ?? pace.usualSeconds
  return member.window === undefined
    ? { member, seconds }
    : { member, seconds, openings: openings(member.window, start) }
}

/** First whose window closes first, then what takes longest, so that the others run beside it. */
function mostUrgentFirst(one: Candidate, other: Candidate): number {
  const closes = ({ openings: [first] = [] }: Candidate) => first?.until ?? Number.MAX_SAFE_INTEGER
  return closes(one) - closes(other) || other.seconds - one.seconds
}

function nextTurn(
  queue: readonly Candidate[],
  pace: Pace,
  start: number,
): { turn: Turn | undefined; rest: Candidate[] } {
  const ofCustomers = new Map<string, number>()
  const onHosts = new Map<string, { lanes: Lanes; seats: Seat[] }>()
  const rest: Candidate[] = []
  for (const one of queue) {
    const { host, customer } = one.member
    const ofCustomer = customer === undefined ? 0 : (ofCustomers.get(customer) ?? 0)
    const share = onHosts.get(host) ?? { lanes: lanes(pace.maxDownPerHost), seats: [] }
    const seat = ofCustomer < pace.maxDownPerCustomer ? seatAt(one, start, share.lanes.begin()) : undefined
    if (seat === undefined) {
      rest.push(one)
      continue
    }
    if (customer !== undefined) ofCustomers.set(customer, ofCustomer + 1)
    share.lanes.add(seat.seconds)
    share.seats.push(seat)
    onHosts.set(host, share)
  }
  if (onHosts.size === 0) return { turn: undefined, rest }

  const hosts = new Map<string, Share>()
  for (const [host, { lanes: used, seats }] of [...onHosts].sort(([one], [other]) => (one < other ? -1 : 1)))
    hosts.set(host, { atOnce: Math.min(pace.maxDownPerHost, seats.length), seconds: used.end(), seats })
  const each = [...hosts.values()].map(share => share.seconds)
  return { turn: { seconds: secondsFor(each, pace.forks) + pace.secondsPerTurn, hosts }, rest }
}

/** Its place in a turn, if its window is open then for as long as it takes. */
function seatAt(one: Candidate, turnStart: number, offset: number): Seat | undefined {
  const { member, seconds } = one
  if (one.openings === undefined) return { member, seconds }
  const begin = turnStart + offset * 1000
  const open = one.openings.find(({ from, until }) => from <= begin && begin + seconds * 1000 <= until)
  return open && { member, seconds, notBefore: open.from, notAfter: open.until - seconds * 1000 }
}

function reasonOf({ window }: Member, seat: Pick<Candidate, 'openings' | 'seconds'>, moment: number): string {
  const { openings: all = [], seconds } = seat
  const fits = all.find(({ from, until }) => until - Math.max(from, moment) >= seconds * 1000)
  if (window === undefined || fits === undefined)
    return `its maintenance window is shorter than its switch, which takes about ${Math.ceil(seconds)} s`
  return `its maintenance window opens ${describeMoment(fits.from, window.timezone)}`
}
