/**
 * Of an instance that goes to another host, both tell where it belongs, so that no two ever run: what is left behind is marked
 * before it is started at its new place, and what arrives is not started until then.
 */
import { Refused } from '../../core/errors.ts'

export interface Mark {
  /** 20261122T120000Z: marks of the same move have the same. */
  readonly time: string
  /** The other host, as the inventory calls it. */
  readonly host: string
  /** What arrived is whole, and this is where it belongs. */
  readonly isFinished: boolean
}

/** `unfinished` while a move brings it, `restoring` while a failover does, from a copy. */
const MARK = /^(\d{8}T\d{6}Z) (\S+)( unfinished| restoring)?$/

/** What a mark says; undefined where there is none. */
export function readMark(value: string | undefined, where: string): Mark | undefined {
  if (value === undefined) return undefined
  const [, time, host, begun] = MARK.exec(value) ?? []
  if (time === undefined || host === undefined)
    throw new Refused(`${where} says '${value}', which is no time and host, like '20261122T120000Z hamburg2'.`)
  return { time, host, isFinished: begun === undefined }
}
