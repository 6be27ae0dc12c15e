/**
 * What replicas leave that a host makes no more: bookmarks on their source, for which autosnap would spare snapshots. A replica
 * that only has another name now gets them, since an increment may stand on nothing else.
 */
import { Failure } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import type { Step } from '../../core/step.ts'
import { asking } from '../../freebsd/ssh.ts'
import { isAtOrBelow } from '../../freebsd/zfs-names.ts'
import { destroyBookmark, listPoints, makeBookmark } from '../../freebsd/zfs-points.ts'
import { there } from './both.ts'
import { describePlace, type Job } from './jobs.ts'
import { bookmarkOf, replicaOfBookmark, unsettledFile } from './names.ts'

export interface Left {
  readonly job: Job
  /** `dataset#bookmark`. */
  readonly bookmarks: readonly string[]
  /** Those of them that are to be made under the present name first: `dataset#bookmark` of both. */
  readonly renamed: readonly (readonly [from: string, to: string])[]
  readonly isUnsettled: boolean
  /** Why its source cannot be seen. */
  readonly problem?: string
}

/** Of those that were made before and are not among `jobs`, or are of another source there. */
export async function lookAtLeft(earlier: readonly Job[], jobs: readonly Job[], machine: Probe): Promise<Left[]> {
  const left: Left[] = []
  for (const job of earlier) {
    const same = jobs.find(({ name }) => name === job.name)
    const isSameHost = same?.source.login?.host === job.source.login?.host
    if (same !== undefined && isSameHost && same.source.root === job.source.root) continue
    const isStill = (dataset: string) => same !== undefined && isSameHost && isAtOrBelow(dataset, same.source.root)
    const isUnsettled = same === undefined && (await machine.status(unsettledFile(job.name))) !== undefined
    try {
      const points = await listPoints(asking(machine, job.source.login), job.source.root)
      const marks = [...points].flatMap(([dataset, all]) =>
        isStill(dataset)
          ? []
          : all.filter(point => replicaOfBookmark(point) === job.name).map(point => ({ dataset, all, point })),
      )
      const heir = jobs.find(other => isCopyOf(other, job))
      left.push({
        job,
        bookmarks: marks.map(({ dataset, point }) => `${dataset}#${point.name}`),
        renamed: marks.flatMap(({ dataset, all, point }) => {
          const name = heir && bookmarkOf(heir.name, point)
          const isThere = all.some(one => one.kind === 'bookmark' && one.name === name)
          return name === undefined || isThere ? [] : [[`${dataset}#${point.name}`, `${dataset}#${name}`] as const]
        }),
        isUnsettled,
      })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      left.push({ job, bookmarks: [], renamed: [], isUnsettled, problem: error.message })
    }
  }
  return left
}

const isCopyOf = (one: Job, other: Job) =>
  describePlace(one.source) === describePlace(other.source) && describePlace(one.target) === describePlace(other.target)

export const leaving = (left: readonly Left[]): Step[] =>
  left.flatMap(({ job, bookmarks, renamed, isUnsettled }) => [
    ...renamed.map(([from, to]) => there(job.source.login, makeBookmark(from, to))),
    ...bookmarks.map(bookmark => there(job.source.login, destroyBookmark(bookmark))),
    ...(isUnsettled ? [{ kind: 'remove' as const, path: unsettledFile(job.name) }] : []),
  ])

/** The host may be gone for good, so that is no reason to keep the replica. */
export const warningsOf = (left: readonly Left[]): string[] =>
  left.flatMap(({ job, problem }) =>
    problem === undefined
      ? []
      : [
          `Bookmarks of the replica ${job.name} stay on ${describePlace(job.source)}: ${problem} There, 'replicate forget ${job.name}' takes them away.`,
        ],
  )
