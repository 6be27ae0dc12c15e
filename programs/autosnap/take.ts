/** Takes what is due: all that needs no hook in one command for each pool, groups with hooks one by one. */
import type { Surroundings } from '../../modules/core/host-program.ts'
import { takingTurns } from '../../modules/core/perform.ts'
import { listJails } from '../../modules/freebsd/jls.ts'
import { poolOf } from '../../modules/freebsd/zfs-names.ts'
import type { Site } from '../../modules/rules/layout.ts'
import { inSwitch } from '../../modules/rules/snapshot/look.ts'
import { ownName } from '../../modules/rules/snapshot/names.ts'
import type { Group } from '../../modules/rules/snapshot/plan.ts'
import { type Attempt, takeAll } from './attempt.ts'
import { between } from './hooks.ts'

/** FreeBSD takes 524,288 bytes (fact net-5), and the kernel wants all names of a call in one list. */
const COMMAND_BYTES = 240_000
/** Groups with hooks that are dealt with at a time, where none of their hooks is a command on the host. */
const AT_ONCE = 4

export interface Taken extends Attempt {
  readonly troubles: readonly string[]
  /** By dataset, why it was left alone although it was due. */
  readonly skipped: ReadonlyMap<string, string>
}

type Tools = Pick<Surroundings, 'host' | 'hold' | 'ending'>

export async function take(groups: readonly Group[], now: Date, site: Site, tools: Tools): Promise<Taken> {
  const name = ownName(now)
  const taken: string[] = []
  const refused = new Map<string, string>()
  const skipped = new Map<string, string>()
  const troubles: string[] = []
  // A switch may have begun since all were looked at: where hooks are waited for, that is long ago.
  const attempt = async (datasets: readonly string[]) => {
    const free = new Set(datasets)
    for (const [dataset, why] of await inSwitch(site, datasets, tools.host)) {
      free.delete(dataset)
      skipped.set(dataset, why)
    }
    const outcome = await takeAll(tools.host, [...free], name)
    taken.push(...outcome.taken)
    for (const [dataset, why] of outcome.refused) refused.set(dataset, why)
  }
  for (const some of commandsFor(
    groups.filter(({ policy }) => policy.hooks.length === 0),
    name,
  )) {
    if (tools.ending.aborted) break
    await attempt(some)
  }
  const hooked = groups.filter(({ policy }) => policy.hooks.length > 0)
  if (hooked.length > 0) {
    const running = new Set((await listJails(tools.host)).flatMap(jail => (jail.isDying ? [] : [jail.name])))
    const takeOne = async (group: Group) => {
      if (tools.ending.aborted) return
      const outcome = await between(group, running, tools, () => attempt(group.datasets))
      if (outcome.isForbidden) troubles.push(`${group.name} got no snapshots, since a hook failed.`)
      troubles.push(...outcome.troubles)
    }
    await takingTurns(
      hooked.filter(group => !isHookedHere(group)),
      AT_ONCE,
      takeOne,
    )
    await takingTurns(hooked.filter(isHookedHere), 1, takeOne)
  }
  return { taken, refused, skipped, troubles }
}

/** A command on the host knows of no groups: what it stops for one, it would let go while another's snapshots are taken. */
const isHookedHere = ({ policy }: Group) => policy.hooks.some(({ kind, inside }) => kind === 'command' && !inside)

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
