/** Whether an instance's move is begun, or one that was cut off is brought to its end; and whether it may go at all. */
import { Refused } from '../../core/errors.ts'
import { PROPERTY } from '../layout.ts'
import type { Mark } from './marks.ts'
import type { Request } from './requests.ts'

export interface Decision {
  readonly turn: 'begin' | 'finish'
  /** Of the move: of the one that is brought to its end, or of this. */
  readonly time: string
  /** What the target has of it is renamed first. */
  readonly setsAside: boolean
}

export function decide(request: Request): Decision {
  const { id, time, source, target } = request
  const here = `${id} on ${source.host}`
  if (source.datasets.length === 0)
    throw new Refused(`${source.host} has no dataset ${source.dataset}: there is no ${here}.`)
  if (source.moved !== undefined) return finishing(request, source.moved)
  if (source.arrived?.isFinished === false)
    throw new Refused(
      `${here} is not whole: it was on its way there from ${source.arrived.host} (${source.arrived.time}). Bring that to its end first.`,
    )
  const locked = whyNotSent(request)
  if (locked !== undefined) throw new Refused(locked)
  if (target.datasets.length === 0) return { turn: 'begin', time, setsAside: false }
  const whyNot = notToBeSetAside(request)
  if (whyNot !== undefined) throw new Refused(whyNot)
  return { turn: 'begin', time, setsAside: true }
}

/** The source is marked, so its data are not to run again: they count at the target, or somebody must look. */
function finishing({ id, source, target }: Request, moved: Mark): Decision {
  const wayBack = `If it is to run on ${source.host} after all: 'zfs inherit ${PROPERTY.moved} ${source.dataset}' there, and site.yml.`
  if (moved.host !== target.host)
    throw new Refused(`${id} went from ${source.host} to ${moved.host} (${moved.time}). Move it from there. ${wayBack}`)
  if (target.moved !== undefined)
    throw new Refused(
      `${id} went from ${source.host} to ${target.host} (${moved.time}), and on to ${target.moved.host}.`,
    )
  if (target.arrived?.time !== moved.time || target.arrived.host !== source.host)
    throw new Refused(
      `${id} went from ${source.host} to ${target.host} (${moved.time}), and what arrived then is not there. ${wayBack}`,
    )
  return { turn: 'finish', time: moved.time, setsAside: false }
}

/**
 * Sent as it is, its keys stay behind: what arrives has an encryption root of its own, and what is cloned from it in its place
 * is not promoted across that (openzfs module/zfs/dsl_crypt.c, dsl_dataset_promote_crypt_check; openzfs issue 8905).
 */
function whyNotSent({ id, source, target }: Request): string | undefined {
  const encrypted = source.datasets.find(({ isEncrypted }) => isEncrypted)
  if (encrypted === undefined) return undefined
  return `${id} is encrypted (${encrypted.name}), and what arrives of that cannot take its place on ${target.host}: zfs(8) does not promote it there. So nothing was stopped or sent. Keep a copy of it on ${target.host} with backup.yml; when ${source.host} can be switched off, failover.yml with failover_instances=${id} runs it from there, once the key of the copy is loaded.`
}

/** Why what the target has may be what somebody needs; undefined where it is known that nobody does. */
function notToBeSetAside({ id, source, target, over }: Request): string | undefined {
  if (target.isRunning)
    return `${id} runs on ${target.host} too, so nothing was moved. If a failover took it from there, run that once more: it stops it there. Else find out which of both is to stay, and let the other go with instance_absent.yml.`
  // A failover took the instance from the target, so what that has is old; unless it came there later.
  const taken = source.arrived?.host === target.host ? source.arrived.time : ''
  const isOlder = taken > (target.arrived?.time ?? '')
  const isUnfinished = target.arrived?.host === source.host && !target.arrived.isFinished
  if (isOlder || isUnfinished || target.moved !== undefined || over) return undefined
  return `${target.host} has an instance ${id} of its own, so nothing was moved. If nobody needs it, say -e move_over=true: it is kept below \`left\`.`
}
