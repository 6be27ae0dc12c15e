/**
 * zfs(8), acting: the commands that make, change and destroy datasets. Sources: zfs-create(8), zfs-set(8), zfs-load-key(8)
 * and openzfs cmd/zfs/zfs_main.c. Never `destroy -R`, which takes clones along wherever they are, and never a forced unmount.
 */
import { type Command, type RunStep, run } from '../core/step.ts'
import { inBatches } from './zfs.ts'

/** Values as `normalizeWanted` of rules/dataset/properties.ts spells them: zfs(8) takes each. */
export type Setting = readonly [property: string, value: string]

export interface CreateOptions {
  /** The encryption key or passphrase. It goes to standard input, so keylocation is `prompt` at first whatever is wanted. */
  readonly key?: string
  /** Leave a filesystem unmounted. */
  readonly unmounted?: boolean
}

export function createFilesystem(name: string, settings: readonly Setting[], options: CreateOptions = {}): RunStep {
  const unmounted = options.unmounted === true ? ['-u'] : []
  return withKey(['zfs', 'create', ...unmounted, ...assignments(settings, options.key), name], options.key)
}

/** `sparse` reserves nothing; otherwise zfs sets refreservation to what the volume can need. The size is rounded up to blocks. */
export function createVolume(
  name: string,
  size: string,
  settings: readonly Setting[],
  options: { readonly key?: string; readonly sparse?: boolean } = {},
): RunStep {
  // `-V` is how the size is told, and zfs create knows no refreservation=auto: reserving so is what it does without -s.
  const others = settings.filter(
    ([property, value]) => property !== 'volsize' && !(property === 'refreservation' && value === 'auto'),
  )
  const sparse = options.sparse === true ? ['-s'] : []
  return withKey(['zfs', 'create', ...sparse, '-V', size, ...assignments(others, options.key), name], options.key)
}

export const cloneSnapshot = (snapshot: string, name: string, settings: readonly Setting[]): RunStep =>
  run('zfs', 'clone', ...assignments(settings), snapshot, name)

export const takeSnapshot = (dataset: string, name: string, settings: readonly Setting[] = []): RunStep =>
  run('zfs', 'snapshot', ...assignments(settings), `${dataset}@${name}`)

const assignments = (settings: readonly Setting[], key?: string) =>
  [
    ...settings.filter(([property]) => key === undefined || property !== 'keylocation'),
    ...(key === undefined ? [] : [['keylocation', 'prompt'] as const]),
  ].flatMap(([property, value]) => ['-o', `${property}=${value}`])

/** A prompt that is not a terminal reads one line. */
const withKey = (command: Command, key: string | undefined): RunStep =>
  key === undefined ? run(...command) : { ...run(...command), input: `${key}\n` }

/** Each dataset gets its settings; datasets with equal ones share a command. */
export function setProperties(changes: Iterable<readonly [name: string, settings: readonly Setting[]]>): RunStep[] {
  const groups = grouped(changes, settings => JSON.stringify(settings))
  return groups
    .filter(({ what }) => what.length > 0)
    .flatMap(({ what, names }) =>
      inBatches(['zfs', 'set', ...what.map(([property, value]) => `${property}=${value}`)], names),
    )
    .map(command => run(...command))
}

/** `zfs inherit` takes one property and many datasets (fact zfs-4). `received` goes back to the received value, if any. */
export function inheritProperties(
  changes: Iterable<readonly [name: string, property: string]>,
  { received = false } = {},
): RunStep[] {
  return grouped(changes, property => property)
    .flatMap(({ what, names }) => inBatches(['zfs', 'inherit', ...(received ? ['-S'] : []), what], names))
    .map(command => run(...command))
}

function grouped<T>(changes: Iterable<readonly [name: string, what: T]>, key: (what: T) => string) {
  const groups = new Map<string, { what: T; names: string[] }>()
  for (const [name, what] of changes) {
    const group = groups.get(key(what))
    if (group === undefined) groups.set(key(what), { what, names: [name] })
    else group.names.push(name)
  }
  return [...groups.values()]
}

/** `unmounted` (filesystems only) leaves mounts as they are. */
export const renameDataset = (from: string, to: string, { unmounted = false } = {}): RunStep =>
  run('zfs', 'rename', ...(unmounted ? ['-u'] : []), from, to)

export const promoteClone = (name: string): RunStep => run('zfs', 'promote', name)

/** `recursive` takes children and snapshots along, and fails if any has a clone elsewhere. */
export const destroyDataset = (name: string, { recursive = false } = {}): RunStep =>
  run('zfs', 'destroy', ...(recursive ? ['-r'] : []), name)

export const mountDataset = (name: string): RunStep => run('zfs', 'mount', name)

export const unmountDataset = (name: string): RunStep => run('zfs', 'unmount', name)

/** With a key it comes from standard input whatever keylocation says; without one, from keylocation. */
export const loadKey = (name: string, key?: string): RunStep =>
  withKey(['zfs', 'load-key', ...(key === undefined ? [] : ['-L', 'prompt']), name], key)
