/** instance_restore: all of an instance, of which some datasets have other snapshots than the rest. */
import { describe, expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { COPY, copyHost, restoreHost, rowsIn, snapshotAt, TOP, within } from '../support/restore-host.ts'
import { AS_OF, datasetsBelow, datasetsOf, foretold, mountToo, restored, snapshotsOf } from './runs.ts'

const MYSQL = `${TOP}/var-db-mysql`
const TMP = `${TOP}/tmp`
const LEFT =
  'web1: no policy takes snapshots of tmp, so nothing is restored of it. By `parts` it is, from the newest that there is.'
const LATE = { as_of: '2026-11-22 11:30', in_place: true }

/** As roles/autosnap has it: no policy for what no start keeps. */
async function hostWithoutTmp(): Promise<FakeHost> {
  const host = await restoreHost()
  for (const name of snapshotsOf(host, TMP)) host.outside('zfs', 'destroy', `${TMP}@${name}`)
  return host
}

/** Of all at once, and later by a policy, with other rows in between. */
function takeBoth(host: FakeHost, name: string): void {
  snapshotAt(host, '2026-11-20T16:00:00Z', name, datasetsOf(host))
  within(host, MYSQL, at => host.tree.write(`${at}/ibdata1`, 'two days of orders\n'))
  const kept = datasetsOf(host).filter(dataset => dataset !== TMP)
  snapshotAt(host, '2026-11-22T11:00:00Z', 'auto-20261122T110000Z', kept)
}

describe('what no policy takes snapshots of does not decide the moment', () => {
  test('without any of its own it stays as it is, and is named', async () => {
    const host = await hostWithoutTmp()
    const report = await restored(host, { as_of: AS_OF, in_place: true })
    expect(rowsIn(host, MYSQL)).toBe('rows of 13\n')
    expect(Object.keys(report.state.parts as object)).toHaveLength(8)
    expect(report.warnings).toEqual([LEFT])
    expect(datasetsBelow(host, TOP).filter(name => name.startsWith('tmp'))).toEqual(['tmp'])
  })

  test.each([
    'moved-20261120T160000Z',
    'move-20261120T160000Z',
    'switch-20261120T160000Z',
    'rollback-20261120T160000Z',
    'by-hand',
  ])('with %s alone, neither', async name => {
    const host = await hostWithoutTmp()
    takeBoth(host, name)
    const report = await restored(host, LATE)
    expect(rowsIn(host, MYSQL)).toBe('two days of orders\n')
    expect(report.warnings).toEqual([LEFT])
    expect(await restored(host, LATE)).toMatchObject({ changed: false, warnings: [] })
  })

  test('of the moment that all have it is restored too', async () => {
    const host = await hostWithoutTmp()
    takeBoth(host, 'moved-20261120T160000Z')
    const report = await restored(host, { snapshot: 'moved-20261120T160000Z', in_place: true })
    expect(report.state.parts).toMatchObject({ tmp: { snapshot: 'moved-20261120T160000Z' } })
    expect(report.warnings).toEqual([])
  })

  test('from a copy of an instance that is not there, it is of its own newest', async () => {
    const host = await copyHost()
    host.outside('zfs', 'rename', `${COPY}/tmp@auto-20261120T150000Z`, `${COPY}/tmp@moved-20261120T140000Z`)
    Object.assign(host.machine.dataset(`${COPY}/tmp`)?.snapshots[0] ?? {}, {
      creation: Date.parse('2026-11-20T14:00Z') / 1000,
    })
    const report = await restored(host, { from: COPY, in_place: true })
    expect(report.state.parts).toMatchObject({
      tmp: { snapshot: 'moved-20261120T140000Z' },
      'var-db-mysql': { snapshot: 'auto-20261120T150000Z' },
    })
  })

  test('but what somebody takes snapshots of by rules of his own does', async () => {
    const host = await hostWithoutTmp()
    snapshotAt(host, '2026-11-22T11:00:00Z', 'nightly', [TMP])
    await expect(restored(host, { as_of: AS_OF, in_place: true })).rejects.toThrow(
      `there is no snapshot as old as 2026-11-20 14:00:00 UTC of ${TMP}`,
    )
  })

  test('what a run that was cut off had begun goes on', async () => {
    const steps = (await foretold(await hostWithoutTmp(), { in_place: true })).steps.length
    for (const survived of [1, 16, 17, 18, steps - 1]) {
      const host = await hostWithoutTmp()
      host.machine.cutPowerAfter(survived)
      await restored(host, { in_place: true }).catch(() => {})
      host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
      host.boot()
      await restored(host, { in_place: true })
      expect(rowsIn(host, MYSQL), `after ${survived} steps`).toBe('rows of 15\n')
      expect(datasetsBelow(host, TOP).filter(name => name.endsWith('-restoring'))).toEqual([])
    }
  })
})

describe('newer ones that not all have', () => {
  test('are not passed over where that takes the place of what is there', async () => {
    const host = await restoreHost()
    snapshotAt(host, '2026-11-22T11:00:00Z', 'auto-20261122T110000Z', [MYSQL, `${TOP}/etc`])
    await expect(restored(host, LATE)).rejects.toThrow(
      /^web1: the newest snapshot that all of its datasets have is auto-20261120T150000Z \(2026-11-20 15:00:00 UTC\), and there are newer ones: .*var-db-mysql@auto-20261122T110000Z.* home, .* have none of these\. .* say `snapshot: auto-20261120T150000Z`/,
    )
    expect(rowsIn(host, MYSQL)).toBe('rows of now\n')
    expect((await foretold(host, { ...LATE, in_place: false })).warnings.join()).toContain('passed over')
    await restored(host, { snapshot: 'auto-20261120T150000Z', in_place: true })
    expect(rowsIn(host, MYSQL)).toBe('rows of 15\n')
  })
})

describe('what is beside its datasets', () => {
  test('is not of it unless its fstab says so', async () => {
    const host = await restoreHost()
    host.outside('zfs', 'create', '-o', 'mountpoint=legacy', `${TOP}/var-spool`)
    snapshotAt(host, '2026-11-20T12:00:00Z', 'auto-20261120T120000Z', [`${TOP}/var-spool`])
    const report = await foretold(host, { as_of: AS_OF, in_place: true })
    expect(Object.keys(report.state.parts as object)).not.toContain('var-spool')
    expect(report.warnings).toEqual([
      'web1: var-spool is not in its fstab, so nothing is restored of it. By `parts` it is.',
    ])
    mountToo(host, 'var/spool')
    const mounted = await foretold(host, { as_of: AS_OF, in_place: true })
    expect(mounted.warnings.join()).toContain('no snapshot in common')
  })

  test('what was restored already is of another moment than the rest, and that is told', async () => {
    const host = await restoreHost()
    for (const name of snapshotsOf(host, MYSQL))
      host.outside('zfs', 'rename', `${MYSQL}@${name}`, `${MYSQL}@own-${name}`)
    await restored(host, { parts: ['var/db/mysql'], as_of: AS_OF, in_place: true })
    expect((await restored(host, { as_of: AS_OF, in_place: true })).warnings.join()).toContain(
      'var-db-mysql of 2026-11-20 13:00:00 UTC',
    )
  })
})
