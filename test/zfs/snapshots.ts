/** Snapshots in the virtual machine: what there is, and what is laid there for a case. */
import type { Machine } from './machine.ts'
import { installProgram } from './programs.ts'

export const AUTOSNAP = '/usr/local/libexec/bluejail/autosnap'
export const POLICY_FILE = '/usr/local/etc/bluejail/autosnap.json'

/** `auto-20170923T100000Z` */
export const nameAt = (seconds: number) => `auto-${new Date(seconds * 1000).toISOString().replace(/[-:]|\.\d+/g, '')}`

/** Installs the program with these settings in its policy file. */
export async function installAutosnap(machine: Machine, settings: object): Promise<void> {
  await installProgram(machine, 'autosnap')
  await writePolicies(machine, settings)
}

export const writePolicies = (machine: Machine, settings: object) =>
  machine.write(POLICY_FILE, JSON.stringify({ format: 1, ...settings }))

export interface Told {
  readonly exit: number
  readonly taken: readonly string[]
  readonly destroyed: readonly string[]
  readonly left: number
  readonly skipped: Readonly<Record<string, string>>
  readonly blocked: Readonly<Record<string, string>>
  readonly troubles: readonly string[]
}

/** One run of the program, at that time. */
export async function runAutosnap(machine: Machine, seconds: number): Promise<Told> {
  const now = new Date(seconds * 1000).toISOString()
  const { exit, stdout } = await machine.run([AUTOSNAP, 'run', '--json', `--now=${now}`], { exits: [0, 1] })
  return { exit, ...JSON.parse(stdout) }
}

/** By dataset, from the oldest to the newest. */
export async function snapshotsBelow(machine: Machine, root: string): Promise<Map<string, string[]>> {
  const listed = await machine.shell(`zfs list -H -t snapshot -o name -s createtxg -r ${root}`)
  const found = new Map<string, string[]>()
  for (const line of listed.split('\n').filter(Boolean)) {
    const [dataset = '', name = ''] = line.split('@')
    found.set(dataset, [...(found.get(dataset) ?? []), name])
  }
  return found
}

/** Snapshots of a whole tree, one after the other. */
export async function snapshotTree(machine: Machine, root: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  await machine.shell(`for name in ${names.join(' ')}; do zfs snapshot -r ${root}@$name; done`)
}
