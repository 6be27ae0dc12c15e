/** Takes what is due: all that needs no hook in one command for each pool, groups with hooks one by one. */
import { CommandFailed } from '../../modules/core/errors.ts'
import type { Surroundings } from '../../modules/core/host-program.ts'
import { listJails } from '../../modules/freebsd/jls.ts'
import { poolOf } from '../../modules/freebsd/zfs-names.ts'
import { complaintsIn, takeSnapshots } from '../../modules/freebsd/zfs-snapshots.ts'
import { ownName } from '../../modules/rules/snapshot/names.ts'
import type { Group } from '../../modules/rules/snapshot/plan.ts'
import { between } from './hooks.ts'

/** FreeBSD takes 524,288 bytes (fact net-5), and the kernel wants all names of a call in one list. */
const COMMAND_BYTES = 240_000
/** Groups with hooks that are dealt with at a time. */
const AT_ONCE = 4

export interface Taken {
  readonly datasets: readonly string[]
  readonly troubles: readonly string[]
  /** Datasets for which there was no room; destroying old snapshots may make some. */
  readonly withoutRoom: readonly string[]
}

type Tools = Pick<Surroundings, 'host' | 'hold' | 'ending'>

export async function take(groups: readonly Group[], now: Date, tools: Tools): Promise<Taken> {
  const name = ownName(now)
  const datasets: string[] = []
  const troubles: string[] = []
  const withoutRoom: string[] = []
  const note = ({ taken, refused }: Attempt) => {
    datasets.push(...taken)
    for (const [dataset, why] of refused) {
      if (/out of space|quota|limit/.test(why)) withoutRoom.push(dataset)
      troubles.push(`${dataset} got no snapshot: ${why}`)
    }
  }
  for (const some of commandsFor(
    groups.filter(({ policy }) => policy.hooks.length === 0),
    name,
  )) {
    if (tools.ending.aborted) break
    note(await takeAll(tools, some, name))
  }
  const hooked = groups.filter(({ policy }) => policy.hooks.length > 0)
  if (hooked.length > 0) {
    const running = new Set((await listJails(tools.host)).flatMap(jail => (jail.isDying ? [] : [jail.name])))
    const waiting = hooked.values()
    const takeTurns = async () => {
      for (const group of waiting) {
        if (tools.ending.aborted) return
        const outcome = await between(group, running, tools, () => takeAll(tools, group.datasets, name))
        if (outcome.given !== undefined) note(outcome.given)
        else troubles.push(`${group.name} got no snapshots, since a hook failed.`)
        troubles.push(...outcome.troubles)
      }
    }
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, hooked.length) }, takeTurns))
  }
  return { datasets, troubles, withoutRoom }
}

/** Datasets for each command: of one pool, and no group in two of them unless it is too long by itself. */
export function commandsFor(groups: readonly Pick<Group, 'datasets'>[], name: string): string[][] {
  const bytes = (dataset: string) => Buffer.byteLength(`${dataset}@${name}`) + 1
  const commands: string[][] = []
  const open = new Map<string, { datasets: string[]; left: number }>()
  for (const { datasets } of groups) {
    const pool = poolOf(datasets[0] ?? '')
    const needed = datasets.reduce((sum, dataset) => sum + bytes(dataset), 0)
    let command = open.get(pool)
    for (const dataset of datasets) {
      const isFirst = dataset === datasets[0]
      if (command === undefined || command.left < (isFirst ? Math.min(needed, COMMAND_BYTES) : bytes(dataset))) {
        command = { datasets: [], left: COMMAND_BYTES }
        commands.push(command.datasets)
        open.set(pool, command)
      }
      command.datasets.push(dataset)
      command.left -= bytes(dataset)
    }
  }
  return commands
}

interface Attempt {
  readonly taken: readonly string[]
  readonly refused: ReadonlyMap<string, string>
}

/**
 * zfs takes all or none (fact zfs-8), so one dataset that is being received would leave all others without. Those that zfs
 * complains of are left out and the rest is taken; where it names none, each half is tried.
 */
async function takeAll({ host }: Pick<Tools, 'host'>, datasets: readonly string[], name: string): Promise<Attempt> {
  if (datasets.length === 0) return { taken: [], refused: new Map() }
  try {
    await host.perform(takeSnapshots(datasets.map(dataset => `${dataset}@${name}`)))
    return { taken: datasets, refused: new Map() }
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    const blamed = new Map<string, string>()
    for (const [full, why] of complaintsIn(error.answer?.stderr ?? '')) {
      const dataset = full.split('@')[0] ?? full
      if (datasets.includes(dataset)) blamed.set(dataset, why)
    }
    if (blamed.size > 0) {
      const rest = await takeAll(
        { host },
        datasets.filter(dataset => !blamed.has(dataset)),
        name,
      )
      return { taken: rest.taken, refused: new Map([...blamed, ...rest.refused]) }
    }
    const [first] = datasets
    if (datasets.length === 1 && first !== undefined) return { taken: [], refused: new Map([[first, error.message]]) }
    const middle = Math.ceil(datasets.length / 2)
    const one = await takeAll({ host }, datasets.slice(0, middle), name)
    const other = await takeAll({ host }, datasets.slice(middle), name)
    return { taken: [...one.taken, ...other.taken], refused: new Map([...one.refused, ...other.refused]) }
  }
}
