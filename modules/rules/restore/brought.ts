/**
 * Files that were restored where nothing was: what was there leaves nothing behind by which a later run could tell, as it does
 * where something was renamed. A property of their dataset tells it.
 */
import { createHash } from 'node:crypto'
import type { Step } from '../../core/step.ts'
import { setProperties } from '../../freebsd/zfs-steps.ts'
import type { Row } from '../../freebsd/zfs-tree.ts'
import { PROPERTY } from '../layout.ts'
import type { Taken } from './moment.ts'

/** A value has at most 8,191 characters (ZAP_MAXVALUELEN of OpenZFS). What is forgotten is restored once more, and nothing lost. */
const MOST = 400

const markOf = (name: string, { guid }: Taken) =>
  createHash('sha256').update(`${guid} ${name}`).digest('hex').slice(0, 16)

const marksIn = (dataset: Row | undefined): string[] => dataset?.get(PROPERTY.brought)?.split(',') ?? []

export const wasBrought = (name: string, snapshot: Taken, dataset: Row | undefined) =>
  marksIn(dataset).includes(markOf(name, snapshot))

/** Before they are: one that is marked and not there is restored again. */
export function markBrought(names: readonly string[], snapshot: Taken, dataset: string, seen: Row | undefined): Step[] {
  if (names.length === 0) return []
  const marks = [...new Set([...marksIn(seen), ...names.map(name => markOf(name, snapshot))])].slice(-MOST)
  return setProperties([[dataset, [[PROPERTY.brought, marks.join(',')]]]])
}
