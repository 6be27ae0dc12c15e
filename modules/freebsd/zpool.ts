/**
 * zpool(8), looking: how full and how healthy each pool is. Sources: freebsd-14.2/01-zfs.jsonl (`zpool status`), and for
 * what a healthy new pool does not show, openzfs cmd/zpool/zpool_main.c (status_callback, print_scan_scrub_resilver_status).
 */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'

export interface Pool extends Sizes {
  readonly name: string
  /** `ONLINE`, `DEGRADED` and so on. */
  readonly health: string
  /** What is wrong with it, and what `zpool status` advises. */
  readonly complaint: string | undefined
  /** `No known data errors`, or what is known; undefined where the pool could not be opened. */
  readonly errors: string | undefined
  readonly scan: Scan | undefined
}

/** Undefined where nobody asked, where the pool could not be opened, and where ZFS does not know it. */
export interface Sizes {
  readonly sizeBytes?: number | undefined
  readonly freeBytes?: number | undefined
  readonly usedPercent?: number | undefined
  readonly fragmentationPercent?: number | undefined
}

/** The last scrub or resilver: a pool remembers one. */
export interface Scan {
  readonly kind: 'scrub' | 'resilver'
  /** As zpool tells it, on one line. */
  readonly words: string
  readonly isRunning: boolean
  /** When it came to its end. */
  readonly finished?: Date
  /** What a finished one could not repair. */
  readonly errors?: number
}

/** For sh(1): names pools that are as full as that, and exits with 1 where there are any. */
export const fullPoolsLine = (percent: string) =>
  `zpool list -Hp -o name,capacity | awk -v most="${percent}" '$2 + 0 >= most { print $1 " is " $2 " percent full"; full = 1 } END { exit full }'`

const LIST: Command = ['zpool', 'list', '-Hp', '-o', 'name,size,free,capacity,fragmentation']
const STATUS: Command = ['zpool', 'status']

/** All pools there are, in one process, or with their sizes in two. */
export async function readPools(machine: Probe, withSizes: boolean): Promise<Pool[]> {
  const [status, list] = await Promise.all([machine.query(STATUS), withSizes ? machine.query(LIST) : undefined])
  const sizes = parseSizes(list?.stdout ?? '')
  return [...parseStatus(status.stdout)].map(([name, state]) => ({ name, ...state, ...sizes.get(name) }))
}

/** What LIST printed, by pool: dashes for one that could not be opened (zpool_get_prop of openzfs lib/libzfs/libzfs_pool.c). */
export function parseSizes(stdout: string): Map<string, Sizes> {
  const lines = stdout.split('\n').filter(line => line !== '')
  return new Map(
    lines.map(line => {
      const [name = '', ...columns] = line.split('\t')
      const numbers = columns.map(text => (text === '-' ? undefined : Number(text)))
      if (numbers.length !== 4 || numbers.some(Number.isNaN)) throw new UnexpectedOutput(LIST, line)
      const [sizeBytes, freeBytes, usedPercent, fragmentationPercent] = numbers
      return [name, { sizeBytes, freeBytes, usedPercent, fragmentationPercent }]
    }),
  )
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
    const [, word, words = ''] = /^ {0,4}([a-z]+(?: [a-z]+)?): ?(.*)$/.exec(line) ?? []
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
    complaint: complaint.length === 0 ? undefined : complaint.join(' ').replace(/\s+/g, ' '),
    errors: fields.get('errors'),
    scan: scanOf(fields.get('scan')),
  }
}

/** As ctime(3) has the moment, in the host's own zone: `scrub repaired 0B in 00:12:34 with 0 errors on Sun Nov  8 03:12:34 2026`. */
const FINISHED = /^(?:scrub repaired|resilvered(?: \(.*?\))?) \S+ in (?:\d+ days )?[\d:]+ with (\d+) errors on (.*)$/
const CTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d+) (\d\d):(\d\d):(\d\d) (\d{4})$/
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

function scanOf(text: string | undefined): Scan | undefined {
  const words = text?.trim()
  if (words === undefined || words === 'none requested') return undefined
  const [, errors, when = ''] = FINISHED.exec(words) ?? []
  const finished = parseCtime(when)
  return {
    kind: words.startsWith('resilver') ? 'resilver' : 'scrub',
    words,
    isRunning: / in progress since /.test(words),
    ...(finished === undefined ? {} : { finished, errors: Number(errors) }),
  }
}

function parseCtime(text: string): Date | undefined {
  const [, month = '', ...numbers] = CTIME.exec(text) ?? []
  const [day, hours, minutes, seconds, year] = numbers.map(Number)
  if (year === undefined || !MONTHS.includes(month)) return undefined
  return new Date(year, MONTHS.indexOf(month), day, hours, minutes, seconds)
}
