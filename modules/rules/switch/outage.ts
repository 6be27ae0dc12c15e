/** How long a switch took its instance from the network, and what that was made of. */
import type { Done } from '../../core/perform.ts'
import type { Role } from './course.ts'
import type { Journal, Parts } from './journal.ts'

export interface Outage {
  /** Milliseconds */
  readonly outage?: number
  readonly parts?: Partial<Record<Parts, number>>
}

/**
 * From the stop until now, when it is well. Where another run stopped it nobody has measured that: a run that was cut off can
 * be resumed days later.
 */
export function outageOf({ ran, isAsked }: Journal, all: readonly Done[], now: Date): Outage {
  const at = all.findIndex(is('stop', 'kill'))
  const done = all.slice(at)
  const began = done[0]?.time?.began
  if (!ran || at < 0 || began === undefined) return {}
  const turn = done.findIndex(is('journal: returning'))
  const forward = turn < 0 ? done : done.slice(0, turn)
  const first = (...roles: Role[]) => forward.find(is(...roles))?.time?.began
  const last = (...roles: Role[]) => forward.findLast(is(...roles))?.time?.ended
  const moments: readonly (readonly [Parts, number | undefined])[] = [
    ['stop', began],
    [isAsked ? 'back' : 'clear', last('stop', 'kill')],
    ['snapshot', first('snapshot')],
    ['merge', last('snapshot')],
    ['start', first('start')],
    ['health', last('start')],
    ['back', done[turn]?.time?.began],
  ]
  const known = moments.filter((one): one is readonly [Parts, number] => one[1] !== undefined)
  const ends = now.getTime()
  const parts = known.map(([part, from], index) => [part, (known[index + 1]?.[1] ?? ends) - from] as const)
  return { outage: ends - began, parts: Object.fromEntries(parts) }
}

const is =
  (...roles: Role[]) =>
  ({ step }: Done) =>
    roles.some(role => role === step.role)
