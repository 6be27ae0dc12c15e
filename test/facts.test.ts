/** Each fact that a real host taught us (test/transcripts/facts.md) is held by tests whose titles carry its id. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** The modules whose work a fact concerns. A fact is owed a test as soon as one of them exists. */
const CONCERNS: readonly (readonly [modules: string, facts: string])[] = [
  ['zfs_dataset', 'zfs-1 zfs-2 zfs-3 zfs-4 zfs-5 zfs-6 zfs-7 zfs-9 zfs-10 zfs-11 zfs-14 mount-1 mount-7 net-5'],
  ['zfs_autosnap', 'zfs-8 live-10'],
  ['zfs_replica', 'zfs-12 zfs-13 live-11'],
  ['instance_mounts', 'mount-2 mount-3 mount-4 mount-5 mount-6 live-4 live-5 live-12 live-13 live-14'],
  [
    'instance_jail',
    'jail-1 jail-2 jail-3 jail-4 jail-5 jail-6 jail-7 jail-8 jail-9 jail-10 live-1 live-2 live-3 live-6 live-7 live-8 live-15 live-17 net-3 host-8',
  ],
  ['blueprint_jail', 'pkg-1 pkg-2 pkg-3 pkg-4 pkg-5 pkg-6 pkg-7 host-2 live-9'],
  ['vnet_bridge', 'net-1 net-2 net-4'],
  ['rctl', 'rctl-1 rctl-2 rctl-3 rctl-4'],
  ['host_settings', 'host-1 host-3 host-7'],
  ['blueprint_switch', 'host-5 live-16'],
  ['boot_environment', 'host-6'],
  // Of the core: its lock is open(2)'s own, and works as lockf(1) does.
  ['core/local-host', 'host-4'],
]

const facts = [...readFileSync('test/transcripts/facts.md', 'utf8').matchAll(/^- `([a-z]+-\d+)`/gm)].map(
  match => match[1] ?? '',
)
/** Tests of the imitations: they show what we believe of FreeBSD, and not that our code heeds it. */
const OF_IMITATIONS = /^(imitation|support|fixtures|sandbox)\b/

/** Facts that can be held only there, with the reason. */
const HELD_BY_A_SANDBOX: Readonly<Record<string, { readonly file: string; readonly since: string }>> = {
  'host-4': {
    file: 'sandbox-lock.test.ts',
    since: 'our lock is open(2) itself, of processes that really run: in memory there is none',
  },
}

const titlesOf = (file: string): string[] =>
  [...readFileSync(join('test', file), 'utf8').matchAll(/\b(?:test|it|describe)\b[^\n]*?\(\s*(['"`])(.*?)\1/gs)].map(
    match => match[2] ?? '',
  )
const titles = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.test.ts') && !OF_IMITATIONS.test(file))
  .flatMap(titlesOf)
const isIn = (id: string, list: readonly string[]) => list.some(title => new RegExp(`\\b${id}\\b`).test(title))

test('every fact is assigned to a module', () => {
  const assigned = CONCERNS.flatMap(([, ids]) => ids.split(' '))
  expect(facts.filter(fact => !assigned.includes(fact))).toEqual([])
  expect(assigned.filter(fact => !facts.includes(fact))).toEqual([])
})

test('every fact of a module that exists has a test that names it', () => {
  const owed = CONCERNS.filter(([module]) => existsSync(`modules/${module}.ts`)).flatMap(([module, ids]) =>
    ids.split(' ').map(id => [module, id] as const),
  )
  const without = owed.filter(([, id]) => !isIn(id, titles) && !(id in HELD_BY_A_SANDBOX))
  expect(without.map(([module, id]) => `${id} (${module})`)).toEqual([])
})

test('what only a sandbox can hold is held there, and nowhere else', () => {
  for (const [id, { file }] of Object.entries(HELD_BY_A_SANDBOX)) {
    expect(isIn(id, titlesOf(file)), id).toBe(true)
    expect(isIn(id, titles), id).toBe(false)
  }
})
