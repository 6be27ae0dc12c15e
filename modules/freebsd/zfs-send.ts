/**
 * zfs-send(8) and zfs-receive(8), and what they say. Transcript: freebsd-14.2/05-switch-replicate.jsonl; what is not there is
 * from openzfs lib/libzfs/libzfs_sendrecv.c.
 */
import { CommandFailed } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'

export interface SendOptions {
  /** `dataset@snapshot` or `dataset#bookmark`. */
  readonly from?: string
  /** All snapshots between as well. Not from a bookmark. */
  readonly through?: boolean
  /** Encrypted blocks as they are: the other side needs no key. */
  readonly raw?: boolean
}

/**
 * With properties, and blocks as large and as compressed as they are on disk. Never without the one or the other once a copy
 * was begun with it: a change of -L between increments has lost data (openzfs issue 6224).
 */
const SEND: Command = ['zfs', 'send', '-Lecp']

export const sendSnapshot = (snapshot: string, { from, through, raw }: SendOptions = {}): Command => [
  ...SEND,
  ...(raw ? ['-w'] : []),
  ...(from === undefined ? [] : [through ? '-I' : '-i', from]),
  snapshot,
]

/**
 * The token itself says how the stream began; but it comes from the other host, which could take from it that the stream is
 * raw, and would get in clear what is encrypted (lzc_flags_from_resume_nvl in lib/libzfs/libzfs_sendrecv.c).
 */
export const sendResumed = (token: string, raw: boolean): Command => [
  'zfs',
  'send',
  ...(raw ? ['-w'] : []),
  '-t',
  token,
]

export interface ReceiveOptions {
  readonly type: 'filesystem' | 'volume'
  /** User properties that are this side's own affair. */
  readonly without: readonly string[]
  /**
   * It gets no mount point at all, whoever made the stream and however. Without this it is to inherit one, which -x sees to
   * only where the stream is what it seems: after a first one that had no properties, it lets the next one's in (openzfs
   * issue 17240; seen with 2.3.2).
   */
  readonly nowhere?: boolean
}

/** What belongs to the place where a dataset is, and not to its content. Of a volume, zfs only warns that they are not its. */
const PLACED = ['mountpoint', 'sharenfs', 'sharesmb'] as const

/**
 * Of the same kind, but not inherited: -x leaves these out of one increment and lets them into the next (openzfs issue 18737,
 * and seen with 2.3.2), so they get a value of their own.
 */
const RESERVED = {
  filesystem: ['quota', 'reservation', 'refreservation'],
  volume: ['reservation', 'refreservation'],
} as const

/**
 * Never -F, which destroys what only the copy has. Unmounted, read-only, not to be mounted at boot (fact zfs-13); an
 * interrupted stream can be continued. With each increment properties come again, so they are excluded each time.
 */
export function receive(dataset: string, { type, without, nowhere = false }: ReceiveOptions): Command {
  // Of a volume the former would be refused.
  const isSet = nowhere && type === 'filesystem'
  const excluded = [...PLACED.filter(property => !isSet || property !== 'mountpoint'), ...without]
  return [
    'zfs',
    'receive',
    '-s',
    '-u',
    ...excluded.flatMap(property => ['-x', property]),
    ...[...RESERVED[type], ...(isSet ? ['mountpoint'] : [])].flatMap(property => ['-o', `${property}=none`]),
    ...(type === 'filesystem' ? ['-o', 'canmount=noauto'] : []),
    '-o',
    'readonly=on',
    dataset,
  ]
}

/** Gives up what an interrupted receive left (fact zfs-12). */
export const abandonReceive = (dataset: string): RunStep => run('zfs', 'receive', '-A', dataset)

export interface TokenContents {
  readonly guid: string
  /** `dataset@snapshot`. */
  readonly name: string
}

export const tokenQuery = (token: string): Command => ['zfs', 'send', '-nvP', '-t', token]

/** What a token would continue; undefined where this pool cannot. */
export async function readToken(machine: Pick<Probe, 'query'>, token: string): Promise<TokenContents | undefined> {
  const command = tokenQuery(token)
  const { exit, stdout, stderr } = await machine.query(command, { exits: [0, 1, 255] })
  if (exit !== 0) {
    if (/^cannot (resume send|open)/m.test(stderr)) return undefined
    throw CommandFailed.exited(command, { exit, stdout, stderr })
  }
  const [, guid] = /^\ttoguid = 0x([0-9a-f]+)$/m.exec(stdout) ?? []
  const [, name] = /^\ttoname = (.+)$/m.exec(stdout) ?? []
  return guid === undefined || name === undefined ? undefined : { guid: BigInt(`0x${guid}`).toString(), name }
}

/** Why a copy can take no increment, now or later, from what zfs said; undefined where trying again may help. */
export function whyParted(said: string, dataset: string): string | undefined {
  if (/has been modified\b/.test(said)) return `${dataset} was changed after what it received last`
  if (/does not\s+(?:\/\s+)?match incremental source/.test(said))
    return `${dataset} lost the snapshot that the increment would begin at`
  if (/IV set guid m(ismatch|issing)/.test(said))
    return `${dataset} once received its snapshot without -w, so raw increments do not fit any more`
  if (/destination already exists/.test(said))
    return `${dataset} has a snapshot of its own with the name of one that is sent`
  return undefined
}
