/** instance_restore: which snapshot, of each dataset and of all together. */
import { describe, expect, test } from 'vitest'
import { COPY, copyHost, restoreHost, snapshotAt, TOP } from '../support/restore-host.ts'
import { AS_OF, datasetsOf, foretold, mountToo, restored } from './runs.ts'

const MYSQL = `${TOP}/var-db-mysql`
const mysql = { parts: ['var/db/mysql'], as_of: AS_OF, in_place: true }

describe('the moment', () => {
  test('is of the time zone, and says which snapshot that is', async () => {
    const host = await restoreHost()
    const of = async (options: object) => (await foretold(host, { parts: ['home'], ...options })).state.parts
    const taken = (name: string, at: string) => ({ home: expect.objectContaining({ snapshot: name, taken: at }) })
    const [early, late] = [
      taken('auto-20261120T130000Z', '2026-11-20 13:00:00 UTC'),
      taken('auto-20261120T150000Z', '2026-11-20 15:00:00 UTC'),
    ]
    expect(await of({ as_of: '2026-11-20 15:59', timezone: 'Europe/Berlin' })).toEqual(early)
    expect(await of({ as_of: '2026-11-20 16:00', timezone: 'Europe/Berlin' })).toEqual(late)
    expect(await of({ as_of: '2026-11-20T16:00:00+02:00' })).toEqual(early)
    expect(await of({ as_of: '2026-11-21' })).toEqual(late)
    expect(await of({})).toEqual(late)
    expect(await of({ snapshot: 'auto-20261120T130000Z' })).toEqual(early)
  })

  test('before all snapshots is refused, and what is no time', async () => {
    const host = await restoreHost()
    await expect(restored(host, { parts: ['home'], as_of: '2026-11-20 12:59' })).rejects.toThrow(
      `there is no snapshot as old as 2026-11-20 12:59:00 UTC of ${TOP}/home`,
    )
    await expect(restored(host, { as_of: 'yesterday' })).rejects.toThrow("as_of 'yesterday' is no time")
    await expect(restored(host, { snapshot: 'nosuch' })).rejects.toThrow('there is no snapshot nosuch of')
  })

  test('is one that all have: newer ones of some are passed over, and named', async () => {
    const host = await restoreHost()
    snapshotAt(host, '2026-11-21T09:00:00Z', 'hourly', [MYSQL])
    const report = await foretold(host, { parts: ['home', 'var/db/mysql'] })
    expect(report.state.parts).toMatchObject({
      home: { snapshot: 'auto-20261120T150000Z' },
      'var-db-mysql': { snapshot: 'auto-20261120T150000Z' },
    })
    expect(report.warnings).toEqual([
      'web1: newer ones that not all of its datasets have were passed over, so that all are of one moment: var-db-mysql@hourly (2026-11-21 09:00:00 UTC). By itself, named in `parts`, a dataset is restored from its own newest.',
    ])
    const alone = await foretold(host, { parts: ['var/db/mysql'] })
    expect(alone.state.parts).toMatchObject({ 'var-db-mysql': { snapshot: 'hourly' } })
    expect(alone.warnings).toEqual([])
  })

  test('of a copy whose source died in the middle of a run is the one before', async () => {
    const host = await copyHost()
    snapshotAt(host, '2026-11-20T16:00:00Z', 'auto-20261120T160000Z', [`${COPY}/var-db-mysql`, `${COPY}/etc`])
    const report = await foretold(host, { from: COPY, in_place: true })
    const parts = Object.values(report.state.parts as Record<string, { snapshot: string }>)
    expect(new Set(parts.map(({ snapshot }) => snapshot))).toEqual(new Set(['auto-20261120T150000Z']))
    expect(report.warnings.join()).toContain('passed over')
  })

  test('of datasets that have none in common is the newest of each, and that is told', async () => {
    const host = await restoreHost()
    host.outside('zfs', 'create', '-o', 'mountpoint=legacy', `${TOP}/usr-local-new`)
    snapshotAt(host, '2026-11-21T09:00:00Z', 'hourly', [`${TOP}/usr-local-new`])
    const report = await foretold(host, { parts: ['home', 'usr/local/new'] })
    expect(report.warnings).toEqual([
      'web1: its datasets have no snapshot in common at that moment, so they are of different ones: home of 2026-11-20 15:00:00 UTC, usr-local-new of 2026-11-21 09:00:00 UTC.',
    ])
  })

  test('before a dataset was there is refused, and names it', async () => {
    const host = await restoreHost()
    host.outside('zfs', 'create', '-o', 'mountpoint=legacy', `${TOP}/usr-local-new`)
    mountToo(host, 'usr/local/new')
    await expect(restored(host, { as_of: AS_OF, in_place: true })).rejects.toThrow(
      `there is no snapshot as old as 2026-11-20 14:00:00 UTC of ${TOP}/usr-local-new`,
    )
    snapshotAt(host, '2026-11-21T09:00:00Z', 'auto-20261121T090000Z', datasetsOf(host))
    await expect(restored(host, { as_of: AS_OF, in_place: true })).rejects.toThrow(
      `there is no snapshot as old as 2026-11-20 14:00:00 UTC of ${TOP}/usr-local-new`,
    )
  })

  test('before a switch: not for what the switch merged, and told for the rest', async () => {
    const host = await restoreHost()
    host.outside('zfs', 'snapshot', '-r', '-o', 'bluejail:blueprint=2026Q3-php82', `${TOP}@switch-20261121T030000Z`)
    await expect(restored(host, { as_of: AS_OF, in_place: true })).rejects.toThrow(
      'at that moment it ran on 2026Q3-php82, and now on 2026Q4-php83, so what it had in etc and usr-local-etc does not belong',
    )
    expect((await restored(host, mysql)).warnings).toEqual([
      'web1: var-db-mysql is from before its switch from 2026Q3-php82 to 2026Q4-php83. See that its programs can read it.',
    ])
  })
})
