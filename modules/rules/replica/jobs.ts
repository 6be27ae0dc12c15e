/** What is to be replicated, out of what was written, with everything that can be wrong with the words alone. */
import { InvalidOptions } from '../../core/errors.ts'
import type { ValuesOf } from '../../core/options.ts'
import { hostProblem, type Login, userProblem } from '../../freebsd/ssh.ts'
import { datasetNameProblem } from '../../freebsd/zfs-names.ts'
import { parseSize } from '../../freebsd/zfs-properties.ts'
import type { Site } from '../layout.ts'
import { siteOf } from '../site.ts'
import { checkReplicaName } from './names.ts'
import type { SETTINGS } from './options.ts'
import type { TreeWishes } from './tree.ts'

export type Settings = ValuesOf<typeof SETTINGS>

export interface Place {
  readonly root: string
  /** Undefined: on this host. */
  readonly login?: Login
}

export interface Job {
  readonly name: string
  readonly source: Place
  readonly target: Place
  readonly wishes: TreeWishes
  readonly bytesPerSecond?: number
  readonly atOnce: number
  /** For how long a snapshot may wait to be in the copy; undefined: for ever. */
  readonly lateSeconds?: number
  /** What instances show as the place of their replica. */
  readonly shown: string
  readonly site: Site
}

export function jobsOf(settings: Settings): Job[] {
  const site = siteOf(settings)
  const jobs = settings.replicas.map(replica => jobOf(replica, site, settings.minutes))
  const twice = jobs.map(({ name }) => name).filter((name, index, all) => all.indexOf(name) !== index)
  if (twice.length > 0) throw new InvalidOptions(`${[...new Set(twice)].join(', ')}: a replica's name is given twice`)
  for (const one of jobs)
    for (const other of jobs)
      if (one !== other && describePlace(one.target) === describePlace(other.target))
        throw new InvalidOptions(`${one.name} and ${other.name} have the same copy, ${describePlace(one.target)}`)
  return jobs
}

/** So many runs that brought nothing are more than chance. */
const LATE_RUNS = 4

function jobOf(given: Settings['replicas'][number], site: Site, everyMinutes: number): Job {
  const name = checkReplicaName(given.name)
  for (const dataset of [given.dataset, given.target]) {
    const problem = datasetNameProblem(dataset)
    if (problem !== undefined) throw new InvalidOptions(`${name}: '${dataset}' cannot be a dataset: ${problem}`)
  }
  if (given.to !== undefined && given.from !== undefined)
    throw new InvalidOptions(`${name}: give \`to\` or \`from\`: one of the two sides is this host`)
  const [there, here] = [loginOf(name, given.to), loginOf(name, given.from)]
  if (there === undefined && here === undefined && overlaps(given.dataset, given.target))
    throw new InvalidOptions(
      `${name}: ${given.target} and ${given.dataset} lie in each other, so the copy would copy itself`,
    )
  const target: Place = { root: given.target, ...(there && { login: there }) }
  const lateMinutes = given.late_minutes ?? LATE_RUNS * everyMinutes
  const bytesPerSecond = given.bandwidth === undefined ? undefined : rateOf(name, String(given.bandwidth))
  return {
    name,
    source: { root: given.dataset, ...(here && { login: here }) },
    target,
    wishes: { diverged: given.diverged, history: given.history, exclude: (given.exclude ?? []).map(withoutSlashes) },
    atOnce: given.at_once,
    shown: given.place ?? describePlace(target),
    site,
    ...(bytesPerSecond !== undefined && { bytesPerSecond }),
    ...(lateMinutes > 0 && { lateSeconds: lateMinutes * 60 }),
  }
}

function loginOf(name: string, given: Settings['replicas'][number]['to']): Login | undefined {
  if (given === undefined) return undefined
  const { host, user, port, key, known_hosts: knownHosts } = given
  const problem = hostProblem(host)
  if (problem !== undefined) throw new InvalidOptions(`${name}: '${host}' cannot be a host: ${problem}`)
  const other = userProblem(user)
  if (other !== undefined) throw new InvalidOptions(`${name}: '${user}' cannot be a login: ${other}`)
  for (const path of [key, knownHosts])
    if (path !== undefined && !/^\/[^\s"%\\]*$/.test(path))
      throw new InvalidOptions(`${name}: '${path}' is no absolute path that ssh could read as one word`)
  return { host, user, ...(port && { port }), ...(key && { key }), ...(knownHosts && { knownHosts }) }
}

function rateOf(name: string, words: string): number {
  const bytes = Number(parseSize(words) ?? 0n)
  if (bytes > 0) return bytes
  throw new InvalidOptions(`${name}: '${words}' is no number of bytes in a second, like 20M`)
}

const overlaps = (a: string, b: string) => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
const withoutSlashes = (path: string) => path.replace(/^\/+|\/+$/g, '')

/** `hamburg2:backup/amsterdam1`, or the dataset alone. */
export const describePlace = ({ root, login }: Place) => (login === undefined ? root : `${login.host}:${root}`)
