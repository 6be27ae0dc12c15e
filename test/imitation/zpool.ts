/** zpool(8): pools made and looked at; what they are made of is not imitated. */
import type { Machine } from './machine.ts'
import { getopt, imitation, type Program, Unknown } from './screen.ts'
import type { Pool } from './state.ts'
import { readAssignments } from './zfs/assignments.ts'
import { giveBirth } from './zfs/birth.ts'
import { table } from './zfs/columns.ts'
import { mountFresh } from './zfs/create.ts'
import { attempt, fail } from './zfs/errors.ts'
import { unmountDataset } from './zfs/mounting.ts'
import { isBelow } from './zfs/names.ts'
import { removeDataset } from './zfs/remove.ts'
import { used } from './zfs/space.ts'
import { validate } from './zfs/validate.ts'
import { niceBytes } from './zfs/values.ts'
import { scrub, status } from './zpool-status.ts'

/** The transcripts' 12 GB disk. */
const DISK = 12_348_030_976

export interface PoolWish {
  readonly name: string
  readonly size?: number
  readonly altroot?: string
  readonly devices?: readonly string[]
  readonly properties?: Readonly<Record<string, string>>
  /** Of its first dataset. */
  readonly datasetProperties?: Readonly<Record<string, string>>
}

export function createPool(machine: Machine, wish: PoolWish): Pool {
  const pool: Pool = {
    name: wish.name,
    guid: machine.guid(),
    size: wish.size ?? DISK,
    devices: [...(wish.devices ?? ['vtbd1'])],
    properties: { ...wish.properties },
    ...(wish.altroot === undefined ? {} : { altroot: wish.altroot }),
  }
  const wanted = new Map(Object.entries(wish.datasetProperties ?? {}))
  const stored = validate(machine, wanted, { kind: 'f' }, `cannot create '${wish.name}'`)
  machine.state.pools.push(pool)
  giveBirth(machine, { name: wish.name, type: 'filesystem', stored })
  return pool
}

const create: Program = (machine, call, screen) => {
  const { values, operands } = getopt(call.args, 'fm:O:o:R:')
  const [name, ...devices] = operands
  if (name === undefined || devices.length === 0) throw new Unknown('number of operands')
  if (machine.state.pools.some(each => each.name === name)) fail(screen, `cannot create '${name}': pool already exists`)
  const mountpoint = values.get('m')?.at(-1)
  const altroot = values.get('R')?.at(-1)
  return attempt(screen, () => {
    createPool(machine, {
      name,
      devices,
      properties: Object.fromEntries(readAssignments(screen, values.get('o') ?? [])),
      datasetProperties: {
        ...Object.fromEntries(readAssignments(screen, values.get('O') ?? [])),
        ...(mountpoint === undefined ? {} : { mountpoint }),
      },
      ...(altroot === undefined ? {} : { altroot }),
    })
    const root = machine.dataset(name)
    if (root !== undefined) mountFresh(machine, screen, root)
  })
}

const destroy: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'f')
  const pool = choose(machine, operands)[0]
  if (pool === undefined) return missing(screen, operands[0])
  return attempt(screen, () => {
    const below = machine.state.datasets
      .filter(each => each.name === pool.name || isBelow(each.name, pool.name))
      .reverse()
    for (const dataset of below) unmountDataset(machine, dataset, set.has('f'))
    for (const dataset of below) {
      dataset.snapshots.length = 0
      removeDataset(machine, dataset, true)
    }
    machine.state.pools.splice(machine.state.pools.indexOf(pool), 1)
    machine.changed()
  })
}

const choose = (machine: Machine, names: readonly string[]) =>
  names.length === 0 ? machine.state.pools : machine.state.pools.filter(each => names.includes(each.name))

function missing(screen: { err(text: string): void }, name: string | undefined): number {
  screen.err(`cannot open '${name}': no such pool\n`)
  return 1
}

/** 01-zfs.jsonl, `zpool get all`, in its order; the features of a pool made on 14.2. */
function properties(machine: Machine, pool: Pool): [name: string, value: string][] {
  const root = machine.dataset(pool.name)
  const allocated = root === undefined ? 0 : used(machine, root)
  const own = (name: string, usual: string): [string, string] => [name, pool.properties[name] ?? usual]
  return [
    ['size', String(pool.size)],
    ['capacity', String(Math.floor((100 * allocated) / pool.size))],
    ['altroot', pool.altroot ?? '-'],
    ['health', 'ONLINE'],
    ['guid', pool.guid],
    ['version', '-'],
    own('bootfs', '-'),
    own('delegation', 'on'),
    own('autoreplace', 'off'),
    own('cachefile', '-'),
    own('failmode', 'wait'),
    own('listsnapshots', 'off'),
    own('autoexpand', 'off'),
    ['dedupratio', '1.00'],
    ['free', String(pool.size - allocated)],
    ['allocated', String(allocated)],
    own('readonly', 'off'),
    own('ashift', '12'),
    own('comment', '-'),
    ['expandsize', '-'],
    ['freeing', '0'],
    ['fragmentation', '0'],
    ['leaked', '0'],
    own('multihost', 'off'),
    ['checkpoint', '-'],
    ['load_guid', pool.guid],
    own('autotrim', 'off'),
    own('compatibility', 'off'),
    ['bcloneused', '0'],
    ['bclonesaved', '0'],
    ['bcloneratio', '1.00'],
    ...FEATURES.map((feature): [string, string] =>
      own(`feature@${feature.replace('*', '')}`, feature.endsWith('*') ? 'active' : 'enabled'),
    ),
  ]
}

/** With a star: active in a pool that has just been made and used a little. */
const FEATURES =
  'async_destroy empty_bpobj* lz4_compress* multi_vdev_crash_dump spacemap_histogram* enabled_txg* hole_birth* extensible_dataset* embedded_data* bookmarks* filesystem_limits large_blocks large_dnode* sha512 skein edonr userobj_accounting* encryption project_quota* device_removal obsolete_counts zpool_checkpoint spacemap_v2* allocation_classes resilver_defer bookmark_v2* redaction_bookmarks redacted_datasets bookmark_written* log_spacemap* livelist device_rebuild zstd_compress* draid zilsaxattr* head_errlog* blake3 block_cloning vdev_zaps_v2*'.split(
    ' ',
  )

const SIZES = ['size', 'free', 'allocated', 'freeing', 'leaked', 'bcloneused', 'bclonesaved']

function nicely(name: string, value: string, exact: boolean): string {
  if (exact || value === '-') return value
  if (SIZES.includes(name)) return niceBytes(BigInt(value)).replace(/B$/, '')
  if (name.endsWith('ratio')) return `${value}x`
  return name === 'capacity' || name === 'fragmentation' ? `${value}%` : value
}

const get: Program = (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'Hpo:')
  const [list = '', ...names] = operands
  const columns = values.get('o')?.at(-1)?.split(',') ?? ['name', 'property', 'value', 'source']
  const rows: string[][] = []
  const absent = names.find(name => !machine.state.pools.some(pool => pool.name === name))
  for (const pool of choose(machine, names)) {
    const all = properties(machine, pool)
    for (const [name, value] of all) {
      if (list !== 'all' && !list.split(',').includes(name)) continue
      const source =
        pool.properties[name] === undefined
          ? /^(size|free|allocated|health|guid)$/.test(name)
            ? '-'
            : 'default'
          : 'local'
      const row: Record<string, string> = {
        name: pool.name,
        property: name,
        value: nicely(name, value, set.has('p')),
        source,
      }
      rows.push(columns.map(column => row[column] ?? '-'))
    }
  }
  screen.out(set.has('H') ? rows.map(row => `${row.join('\t')}\n`).join('') : table(columns, rows))
  return absent === undefined ? 0 : missing(screen, absent)
}

const set: Program = (machine, call, screen) => {
  const [assignment = '', name = ''] = getopt(call.args, '').operands
  const pool = machine.state.pools.find(each => each.name === name)
  if (pool === undefined) return missing(screen, name)
  for (const [property, value] of readAssignments(screen, [assignment])) {
    if (!properties(machine, pool).some(([each]) => each === property)) throw new Unknown(`pool property ${property}`)
    if (value === '') delete pool.properties[property]
    else pool.properties[property] = value
  }
  machine.changed()
  return 0
}

const list: Program = (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'Hpo:')
  if (!set.has('H')) throw new Unknown('form of list (without -H)')
  const columns = (
    values.get('o')?.at(-1) ??
    'name,size,allocated,free,checkpoint,expandsize,fragmentation,capacity,dedupratio,health,altroot'
  )
    .split(',')
    .map(
      column => ({ alloc: 'allocated', frag: 'fragmentation', cap: 'capacity', dedup: 'dedupratio' })[column] ?? column,
    )
  const absent = operands.find(name => !machine.state.pools.some(pool => pool.name === name))
  for (const pool of choose(machine, operands)) {
    const values = new Map([['name', pool.name], ...properties(machine, pool)])
    screen.out(`${columns.map(name => nicely(name, values.get(name) ?? '-', set.has('p'))).join('\t')}\n`)
  }
  return absent === undefined ? 0 : missing(screen, absent)
}

const SUBCOMMANDS: Readonly<Record<string, Program>> = { create, destroy, get, list, scrub, set, status }

export const zpool = imitation('zpool', (machine, call, screen) => {
  const [name = '', ...args] = call.args
  const subcommand = SUBCOMMANDS[name]
  if (subcommand === undefined) throw new Unknown(`subcommand '${name}'`)
  return subcommand(machine, { ...call, args }, screen)
})
