/** The mount table as mount(8) prints it (sbin/mount/mount.c: prmount, putfsent; 02-mounts.jsonl). */
import type { Machine } from './machine.ts'
import { flagsOf } from './mounts.ts'
import type { Mount } from './state.ts'

export type Form = 'text' | 'fstab' | 'json' | 'json,pretty'

export function printMounts(machine: Machine, mounts: readonly Mount[], form: Form): string {
  switch (form) {
    case 'text':
      return mounts
        .map(mount => `${mount.special} on ${mount.node} (${[mount.fstype, ...flagsOf(machine, mount)].join(', ')})\n`)
        .join('')
    case 'fstab':
      return mounts.map(mount => fstabLine(machine, mount)).join('')
    case 'json':
      return `{"mount": {"mounted": [${mounts.map(mount => jsonLine(machine, mount)).join(', ')}]}}\n`
    case 'json,pretty':
      return `${JSON.stringify({ mount: { mounted: mounts.map(mount => record(machine, mount)) } }, undefined, 2)}\n`
  }
}

const record = (machine: Machine, { special, node, fstype, ...rest }: Mount) => ({
  special,
  node,
  fstype,
  opts: flagsOf(machine, { special, node, fstype, ...rest }),
})

/** libxo writes no blank after a comma between values, one before a list. */
function jsonLine(machine: Machine, mount: Mount): string {
  const { special, node, fstype, opts } = record(machine, mount)
  const names = JSON.stringify({ special, node, fstype }).slice(0, -1)
  return `${names}, "opts": ${JSON.stringify(opts)}}`
}

/** Short names of flags, in the order of flags2opts; `local` and `soft-updates` have none. */
const SHORT: readonly [flag: string, short: string][] = [
  ['noexec', 'noexec'],
  ['nosuid', 'nosuid'],
  ['noatime', 'noatime'],
  ['acls', 'acls'],
  ['nfsv4acls', 'nfsv4acls'],
]

function fstabLine(machine: Machine, mount: Mount): string {
  const flags = flagsOf(machine, mount)
  const options = [
    flags.includes('read-only') ? 'ro' : 'rw',
    ...SHORT.filter(([flag]) => flags.includes(flag)).map(([, short]) => short),
  ].join(',')
  const column = (word: string) =>
    word + (word.length < 8 ? '\t' : '') + (word.length < 16 ? '\t' : '') + (word.length < 24 ? '\t' : ' ')
  const numbers = mount.fstype === 'ufs' ? '1 1' : '0 0'
  return `${column(mount.special)}${column(mount.node)}${mount.fstype}\t${options}${options.length < 8 ? '\t' : ' '}\t${numbers}\n`
}
