/**
 * zpool(8), looking: how full and how healthy each pool is. Sources: freebsd-14.2/01-zfs.jsonl (`zpool status`), and for
 * what a healthy new pool does not show, openzfs cmd/zpool/zpool_main.c (status_callback, print_scan_scrub_resilver_status).
 */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'

export interface Pool {
  readonly name: string
  readonly sizeBytes: number
  readonly freeBytes: number
  readonly usedPercent: number
  /** Undefined where ZFS does not know it. */
  readonly fragmentationPercent: number | undefined
  /** `ONLINE`, `DEGRADED` and so on. */
  readonly health: string
  /** What is wrong with it, and what `zpool status` advises. */
  readonly complaint: string | undefined
  /** `No known data errors`, or what is known. */
  readonly errors: string
  readonly scan: Scan | undefined
}

/** The last scrub or resilver. */
export interface Scan {
  /** As zpool tells it, on one line. */
  readonly words: string
  /** Of a scrub that came to its end. */
  readonly finished?: Date
  /** What a finished one could not repair. */
  readonly errors?: number
}

/** For sh(1): names pools that are as full as that, and exits with 1 where there are any. */
export const fullPoolsLine = (percent: string) =>
  `zpool list -Hp -o name,capacity | awk -v most="${percent}" '$2 + 0 >= most { print $1 " is " $2 " percent full"; full = 1 } END { exit full }'`

const LIST: Command = ['zpool', 'list', '-Hp', '-o', 'name,size,free,capacity,fragmentation']
const STATUS: Command = ['zpool', 'status']

/** All pools there are, in two processes. */
export async function readPools(machine: Probe): Promise<Pool[]> {
  const [list, status] = await Promise.all([machine.query(LIST), machine.query(STATUS)])
  const states = parseStatus(status.stdout)
  return parseSizes(list.stdout).flatMap(pool => {
    const state = states.get(pool.name)
    // Exported between the two.
    return state === undefined ? [] : [{ ...pool, ...state }]
  })
}

type Sizes = Pick<Pool, 'name' | 'sizeBytes' | 'freeBytes' | 'usedPercent' | 'fragmentationPercent'>

export function parseSizes(stdout: string): Sizes[] {
  const lines = stdout.split('\n').filter(line => line !== '')
  return lines.map(line => {
    const [name = '', size, free, used, fragmentation, ...rest] = line.split('\t')
    const sizes = [size, free, used].map(Number)
    if (rest.length > 0 || fragmentation === undefined || sizes.some(Number.isNaN))
      throw new UnexpectedOutput(LIST, line)
    const [sizeBytes = 0, freeBytes = 0, usedPercent = 0] = sizes
    const fragmentationPercent = fragmentation === '-' ? undefined : Number(fragmentation)
    return { name, sizeBytes, freeBytes, usedPercent, fragmentationPercent }
  })
}

type Status = Pick<Pool, 'health' | 'complaint' | 'errors' | 'scan'>

/** What STATUS printed, by pool: words before a colon, and what follows them, over several lines where these are indented. */
export function parseStatus(stdout: string): Map<string, Status> {
  const pools = new Map<string, Status>()
  let fields = new Map<string, string>()
  let last = ''
  const keep = () => {
    const [name, health] = [fields.get('pool'), fields.get('state')]
    if (name !== undefined && health === undefined) throw new UnexpectedOutput(STATUS, `pool: ${name}, without a state`)
    if (name !== undefined && health !== undefined) pools.set(name, statusOf(fields, health))
  }
  for (const line of stdout.split('\n')) {
    const [, word, words = ''] = /^ {0,4}([a-z]+): ?(.*)$/.exec(line) ?? []
    if (word === 'pool') {
      keep()
      fields = new Map()
    }
    // A rebuild of a device comes as a `scan` of its own, beside the scrub.
    const isBeside = word === 'scan' && fields.get('scan')?.startsWith('scrub')
    if (word !== undefined && !isBeside) fields.set(word, words)
    else if (line.startsWith('\t')) fields.set(last, `${fields.get(last) ?? ''} ${line.trim()}`)
    else if (!isBeside && line !== '' && line !== 'no pools available') throw new UnexpectedOutput(STATUS, line)
    last = isBeside ? '' : (word ?? last)
  }
  keep()
  return pools
}

function statusOf(fields: ReadonlyMap<string, string>, health: string): Status {
  const complaint = ['status', 'action'].flatMap(word => fields.get(word)?.trim() ?? [])
  return {
    health,
    complaint: complaint.length === 0 ? undefined : complaint.join(' '),
    errors: fields.get('errors') ?? 'unknown',
    scan: scanOf(fields.get('scan')),
  }
}

/** `scrub repaired 0B in 00:12:34 with 0 errors on Sun Nov  8 03:12:34 2026`: as ctime(3) has it, in the host's own zone. */
const FINISHED = /^scrub repaired \S+ in (?:\d+ days )?[\d:]+ with (\d+) errors on (.*)$/
const CTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d+) (\d\d):(\d\d):(\d\d) (\d{4})$/
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

function scanOf(text: string | undefined): Scan | undefined {
  const words = text?.trim()
  if (words === undefined || words === 'none requested') return undefined
  const [, errors, when = ''] = FINISHED.exec(words) ?? []
  const finished = parseCtime(when)
  return finished === undefined ? { words } : { words, finished, errors: Number(errors) }
}

function parseCtime(text: string): Date | undefined {
  const [, month = '', ...numbers] = CTIME.exec(text) ?? []
  const [day, hours, minutes, seconds, year] = numbers.map(Number)
  if (year === undefined || !MONTHS.includes(month)) return undefined
  return new Date(year, MONTHS.indexOf(month), day, hours, minutes, seconds)
}
