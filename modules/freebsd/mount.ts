/** mount(8): the kernel's mount table. Only the JSON form can be read: the others print names with spaces unescaped (fact mount-1). */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'

export interface Mount {
  /** A dataset, or for nullfs the path that is shown. */
  readonly special: string
  /** Where it is mounted. */
  readonly node: string
  readonly fstype: string
  readonly options: readonly string[]
}

export const MOUNT: Command = ['mount', '--libxo', 'json']

/** What MOUNT printed, in the order of mounting. */
export function parseMounts(stdout: string): Mount[] {
  try {
    const { mounted } = JSON.parse(stdout).mount as { mounted: Record<string, unknown>[] }
    return mounted.map(({ special, node, fstype, opts }) => {
      if (![special, node, fstype].every(value => typeof value === 'string'))
        throw new TypeError('a mount without its names')
      return { special, node, fstype, options: opts ?? [] } as Mount
    })
  } catch {
    throw new UnexpectedOutput(MOUNT, stdout)
  }
}

export const listMounts = async (machine: Probe): Promise<Mount[]> => parseMounts((await machine.query(MOUNT)).stdout)

/** In the table's words. */
export const isReadOnly = ({ options }: Mount) => options.includes('read-only')

/** A dataset with `mountpoint=legacy`; zfs(8) would not (fact zfs-11). The path must be the operator's own: links are followed. */
export const mountLegacy = (dataset: string, path: string): RunStep => run('mount', '-t', 'zfs', dataset, path)

/** By the name the mount table has, which still works where a customer has renamed directories above (fact live-5). */
export const unmount = ({ node }: Pick<Mount, 'node'>): RunStep => run('umount', node)

/** Whether `path` is `directory` or something in it. Asked of each mount for each instance, so it makes no string of its own. */
export const isWithin = (path: string, directory: string) =>
  path.startsWith(directory) &&
  (path.length === directory.length || directory === '/' || path[directory.length] === '/')
