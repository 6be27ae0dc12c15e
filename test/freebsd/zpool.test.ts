import { describe, expect, test } from 'vitest'
import { parseSizes, parseStatus, readPools } from '../../modules/freebsd/zpool.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { linesOf } from './transcript.ts'

const config = (name: string, state = 'ONLINE') =>
  `config:\n\n\tNAME        STATE     READ WRITE CKSUM\n\t${name.padEnd(10)}  ${state}       0     0     0\n\t  vtbd1     ONLINE       0     0     0\n\n`

/** The lines of status_callback and print_scan_scrub_resilver_status (openzfs cmd/zpool/zpool_main.c). */
const DEGRADED = `  pool: tank
 state: DEGRADED
status: One or more devices has been taken offline by the administrator.
\tSufficient replicas exist for the pool to continue functioning in a
\tdegraded state.
action: Online the device using 'zpool online' or replace the device with
\t'zpool replace'.
  scan: scrub repaired 8K in 1 days 02:03:04 with 7 errors on Thu Jun  4 01:37:07 2026
  scan: resilvered (mirror-0) 1.2G in 00:01:02 with 0 errors on Fri Jun  5 01:37:07 2026
${config('tank', 'DEGRADED')}errors: 7 data errors, use '-v' for a list
`

describe('zpool status', () => {
  test('a new pool, as the transcript has it', () => {
    const said = linesOf('01-zfs').find(({ cmd }) => cmd === 'zpool status zroot')?.stdout ?? ''
    expect([...parseStatus(said)]).toEqual([
      ['zroot', { health: 'ONLINE', complaint: undefined, errors: 'No known data errors', scan: undefined }],
    ])
  })

  test('several pools; sentences of several lines become one, and a rebuild does not hide the scrub', () => {
    const text = `${DEGRADED}\n  pool: zroot\n state: ONLINE\n  scan: none requested\n${config('zroot')}errors: No known data errors\n`
    const pools = parseStatus(text)
    expect([...pools.keys()]).toEqual(['tank', 'zroot'])
    expect(pools.get('zroot')?.scan).toBeUndefined()
    expect(pools.get('tank')).toEqual({
      health: 'DEGRADED',
      complaint:
        "One or more devices has been taken offline by the administrator. Sufficient replicas exist for the pool to continue functioning in a degraded state. Online the device using 'zpool online' or replace the device with 'zpool replace'.",
      errors: "7 data errors, use '-v' for a list",
      scan: {
        words: 'scrub repaired 8K in 1 days 02:03:04 with 7 errors on Thu Jun  4 01:37:07 2026',
        kind: 'scrub',
        isRunning: false,
        finished: new Date(2026, 5, 4, 1, 37, 7),
        errors: 7,
      },
    })
  })

  test('a scrub that goes on has no end, and is told in one line', () => {
    const scan =
      '  scan: scrub in progress since Wed Oct 14 16:32:05 2026\n\t808G scanned at 909M/s, 735G issued at 827M/s, 10.2T total\n\t0B repaired, 7.01% done, 03:21:02 to go\n'
    const pool = parseStatus(`  pool: zroot\n state: ONLINE\n${scan}${config('zroot')}errors: No known data errors\n`)
    expect(pool.get('zroot')?.scan).toEqual({
      kind: 'scrub',
      isRunning: true,
      words:
        'scrub in progress since Wed Oct 14 16:32:05 2026 808G scanned at 909M/s, 735G issued at 827M/s, 10.2T total 0B repaired, 7.01% done, 03:21:02 to go',
    })
  })

  test('a resilver that ended, of disks or of one mirror; and of a scrub, that a checkpoint kept it from something', () => {
    for (const of of ['', ' (mirror-0)']) {
      const scan = `resilvered${of} 1.2G in 00:01:02 with 0 errors on Fri Jun  5 01:37:07 2026`
      const text = `  pool: zroot\n state: ONLINE\n  scan: ${scan}\n${config('zroot')}errors: No known data errors\n`
      expect(parseStatus(text).get('zroot')?.scan).toEqual({
        kind: 'resilver',
        words: scan,
        isRunning: false,
        finished: new Date(2026, 5, 5, 1, 37, 7),
        errors: 0,
      })
    }
    // print_checkpoint_scan_warning.
    const warning = '    scan warning: skipped blocks that are only referenced by the checkpoint.\n'
    const text = `  pool: zroot\n state: ONLINE\n  scan: scrub canceled on Fri Jun  5 01:37:07 2026\n${warning}${config('zroot')}`
    expect(parseStatus(text).get('zroot')?.scan).toMatchObject({ kind: 'scrub', isRunning: false })
  })

  test('a pool that could not be opened: ZFS knows of no errors in it, nor of none', () => {
    const status = `status: One or more devices could not be opened.  There are insufficient\n\treplicas for the pool to continue functioning.\naction: Attach the missing device and online it using 'zpool online'.\n`
    const text = `  pool: tank\n state: UNAVAIL\n${status}   see: https://openzfs.github.io/openzfs-docs/msg/ZFS-8000-3C\n${config('tank', 'UNAVAIL')}`
    expect(parseStatus(text).get('tank')).toMatchObject({ health: 'UNAVAIL', errors: undefined, scan: undefined })
  })

  test('no pools, and what cannot be read', () => {
    expect(parseStatus('no pools available\n').size).toBe(0)
    expect(() => parseStatus('  pool: zroot\nconfig:\n')).toThrow(/cannot read/)
    expect(() => parseStatus('something else\n')).toThrow(/cannot read/)
  })
})

test('sizes are exact numbers, and a dash is none: of fragmentation, or of all where the pool could not be opened', () => {
  expect(parseSizes('zroot\t12348030976\t12325097472\t7\t-\ntank\t-\t-\t-\t-\n')).toEqual(
    new Map([
      [
        'zroot',
        {
          sizeBytes: 12_348_030_976,
          freeBytes: 12_325_097_472,
          usedPercent: 7,
          fragmentationPercent: undefined,
        },
      ],
      ['tank', {}],
    ]),
  )
  for (const line of ['zroot\t1.2T\t1\t7\t0\n', 'zroot\t1\t1\t7\n'])
    expect(() => parseSizes(line)).toThrow(/cannot read/)
})

test('of a host: one process for all pools and the scrub that ended, and one more for their sizes', async () => {
  const host = fakeFreeBSD({ pools: { zroot: {}, tank: {} } })
  host.outside('zpool', 'scrub', 'tank')
  const pools = await readPools(host, false)
  expect(pools.map(({ name, sizeBytes, scan }) => [name, sizeBytes, scan?.finished?.toISOString()])).toEqual([
    ['zroot', undefined, undefined],
    ['tank', undefined, '2026-11-22T12:00:00.000Z'],
  ])
  expect(host.counts).toEqual({ zpool: 1 })
  expect((await readPools(host, true)).map(({ sizeBytes }) => sizeBytes)).toEqual([100 * 1024 ** 3, 100 * 1024 ** 3])
  expect(host.counts).toEqual({ zpool: 3 })
})
