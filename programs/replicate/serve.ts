/**
 * The forced command of a key in authorized_keys(5): what the other host asks for is run if it is one of the few command lines
 * that replication has (lines.ts), about datasets below the one named, and nothing else. Who has a stolen key, or the other
 * host, can add to copies, or read what is copied; and cannot destroy a copy, roll one back, mount one, or see another dataset.
 */
import { Refused } from '../../modules/core/errors.ts'
import type { Probe } from '../../modules/core/host.ts'
import type { Command } from '../../modules/core/step.ts'
import { wordsOf } from '../../modules/freebsd/ssh.ts'
import { readHolds } from '../../modules/freebsd/zfs.ts'
import { isAtOrBelow } from '../../modules/freebsd/zfs-names.ts'
import { listPoints } from '../../modules/freebsd/zfs-points.ts'
import { readSelected } from '../../modules/freebsd/zfs-selected.ts'
import { readToken } from '../../modules/freebsd/zfs-send.ts'
import { readTies } from '../../modules/freebsd/zfs-snapshots.ts'
import type { StreamHead } from '../../modules/freebsd/zfs-stream.ts'
import { affairsOf } from '../../modules/rules/replica/affairs.ts'
import { HOLD } from '../../modules/rules/replica/names.ts'
import { POLICY_FILE } from '../../modules/rules/snapshot/settings.ts'
import { lineFor, prunedBy, type Role } from './lines.ts'

export interface Grant {
  readonly dataset: string
  /** `target` receives copies; `source` sends and has bookmarks. */
  readonly role: Role
}

/** The command, if it may be run. */
export function granted(line: string, { dataset, role }: Grant): Command {
  const command = lineFor(role, wordsOf(line) ?? [], dataset)
  if (command === undefined)
    throw new Refused(
      `this key is for replication of ${dataset} alone, and not for: ${line.slice(0, 200)}. If the other host's program asks that, one of the two is of another version: run the module zfs_replica (playbooks/backup.yml) on both.`,
    )
  return command
}

/** What is run for a line: as it came, and with what is this host's own affair left out of what is received. */
export async function served(line: string, grant: Grant, host: Pick<Probe, 'query' | 'read'>): Promise<Command> {
  const command = granted(line, grant)
  await checkAgainstHost(command, grant, host)
  if (!takesStream(command)) return command
  const more = affairsOf(await host.read(POLICY_FILE)).filter(property => !command.includes(property))
  const [program, verb, ...words] = command
  return [program, verb ?? '', ...more.flatMap(property => ['-x', property]), ...words]
}

/** What the words alone do not tell. */
export async function checkAgainstHost(command: Command, grant: Grant, host: Pick<Probe, 'query'>): Promise<void> {
  const [, verb] = command
  if (verb === 'send') await checkToken(command, grant, host)
  if (verb === 'destroy') await checkPruning(command, host)
  if (verb === 'release') await checkRelease(command.slice(3), grant, host)
}

/** It may name any dataset, and says which only to zfs(8). To ask what one is that this pool cannot read does no harm. */
async function checkToken(command: Command, { dataset }: Grant, host: Pick<Probe, 'query'>): Promise<void> {
  if (!command.includes('-t')) return
  const token = command.at(-1) ?? ''
  const isSending = !command.includes('-nvP')
  const contents = await readToken(host, token)
  if (contents === undefined) {
    if (isSending)
      throw new Refused('this host can make nothing of that token: what was sent with it is no longer there.')
  } else if (!isAtOrBelow(contents.name.split('@')[0] ?? '', dataset))
    throw new Refused(`this key is for replication of ${dataset} alone, and the token names ${contents.name}.`)
  else if (isSending && !command.includes('-w')) await checkUnencrypted(contents.name.split('@')[0] ?? '', host)
}

/** Whether a stream is raw its token says, and whoever holds a token can change it: without -w it would come in clear. */
async function checkUnencrypted(dataset: string, host: Pick<Probe, 'query'>): Promise<void> {
  const encryption = (await readSelected(host, [dataset], ['encryption'])).get(dataset)?.get('encryption')?.value
  if (encryption !== 'off') throw new Refused(`${dataset} is encrypted, and is sent raw (-w) or not at all.`)
}

async function checkPruning(command: Command, host: Pick<Probe, 'query'>): Promise<void> {
  const [of = '', pruned] = prunedBy(command.at(-1))
  if (pruned.length === 0) return
  const newest = (await listPoints(host, of)).get(of)?.findLast(({ kind }) => kind === 'snapshot')
  if (newest !== undefined && pruned.includes(newest.name))
    throw new Refused(`${of}@${newest.name} is the newest there is of it, which this key cannot destroy.`)
}

/** What the next increment stands on is held before what the last one stood on is released. */
async function checkRelease(snapshots: readonly string[], grant: Grant, host: Pick<Probe, 'query'>): Promise<void> {
  const points = await listPoints(host, grant.dataset)
  const newer = new Map(
    snapshots.map(full => {
      const [dataset = '', name] = full.split('@')
      const all = (points.get(dataset) ?? []).filter(({ kind }) => kind === 'snapshot')
      const at = all.findIndex(point => point.name === name)
      return [full, at < 0 ? undefined : all.slice(at + 1).map(point => `${dataset}@${point.name}`)]
    }),
  )
  const ties = await readTies(
    host,
    [...newer.values()].flatMap(names => names ?? []),
  )
  const held = [...ties].flatMap(([name, { holds }]) => (holds > 0 ? [name] : []))
  const tags = held.length === 0 ? new Map<string, string[]>() : await readHolds(host, held)
  const last = [...newer].find(([, names]) => names?.every(name => !tags.get(name)?.includes(HOLD)))
  if (last !== undefined)
    throw new Refused(`${last[0]} is what the next increment stands on: none newer of it is held, so it stays held.`)
}

/** Not so what gives one up. */
export const takesStream = (command: Command) => command[1] === 'receive' && command.includes('-s')

/** What the stream itself would do besides. A filesystem by the words for a volume would be mounted at the next boot. */
export function checkStream({ isTree, type }: Omit<StreamHead, 'bytes'>, command: Command): void {
  const wanted = command.includes('canmount=noauto') ? 'filesystem' : 'volume'
  if (type !== undefined && type !== wanted)
    throw new Refused(`this is the stream of a ${type}, and not of a ${wanted}.`)
  if (isTree)
    throw new Refused(
      'this key is for one dataset at a time: a stream of a whole tree (zfs send -R) may rename others.',
    )
}
