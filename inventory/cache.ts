/** The last listing, in a file: hosts are not asked at every run of a playbook. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Listing } from './listing.ts'

const FORMAT = 1

export interface Kept {
  readonly listing: Listing
  readonly warnings: readonly string[]
  /** When the hosts began to be asked. */
  readonly askedAt: number
}

export function cacheFile(inventories: readonly string[], environment: NodeJS.ProcessEnv): string {
  const folder = join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bluejail')
  const digest = createHash('sha256')
    .update(inventories.map(path => resolve(path)).join('\n'))
    .digest('hex')
  return join(folder, `instances-${digest.slice(0, 16)}.json`)
}

/** What was kept, where it is not too old and no file of the inventory is younger. */
export function readCache(
  file: string,
  inventories: readonly string[],
  { now, seconds }: { readonly now: number; readonly seconds: number },
): Kept | undefined {
  try {
    const { format, ...kept } = JSON.parse(readFileSync(file, 'utf8')) as Kept & { format: number }
    const isYoung = kept.askedAt <= now && now - kept.askedAt < seconds * 1000
    return format === FORMAT && isYoung && youngest(inventories) < kept.askedAt ? kept : undefined
  } catch {
    // There is none, or it is not whole: the hosts will tell.
    return undefined
  }
}

export function writeCache(file: string, kept: Kept): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const beside = `${file}.${process.pid}`
  writeFileSync(beside, JSON.stringify({ format: FORMAT, ...kept }), { mode: 0o600 })
  renameSync(beside, file)
}

/** When a file of the inventories was last changed; variables lie in folders beside them. */
function youngest(inventories: readonly string[]): number {
  const places = inventories.flatMap(path =>
    statSync(path).isDirectory() ? [path] : [path, ...VARIABLES.map(folder => join(dirname(path), folder))],
  )
  return Math.max(0, ...places.map(changedAt))
}

const VARIABLES = ['group_vars', 'host_vars']

function changedAt(path: string): number {
  const status = statSync(path, { throwIfNoEntry: false })
  if (status === undefined) return 0
  const below = status.isDirectory() ? readdirSync(path).map(name => changedAt(join(path, name))) : []
  return Math.max(status.mtimeMs, ...below)
}
