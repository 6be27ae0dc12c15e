/** instance_restore: whole datasets, in their place and beside it. */
import { describe, expect, test } from 'vitest'
import { startJail } from '../support/instance-host.ts'
import { restoreHost, rowsIn, snapshotAt, TOP } from '../support/restore-host.ts'
import { AS_OF, foretold, propertiesOf, restored, snapshotsOf } from './runs.ts'

const MYSQL = `${TOP}/var-db-mysql`
const ASIDE = `${MYSQL}-before-20261122T120000Z`
const mysql = { parts: ['var/db/mysql'], as_of: AS_OF, in_place: true }

describe('a dataset in its place', () => {
  test('is as it was, with its own properties, and what was there is kept', async () => {
    const host = await restoreHost()
    const report = await restored(host, mysql)
    expect(report.steps).toHaveLength(4)
    expect(report.steps.map(step => step.split(' ').slice(0, 2).join(' '))).toEqual([
      'zfs clone',
      'zfs promote',
      'zfs rename',
      'zfs rename',
    ])
    expect(report.msg).toBe(
      `web1: 1 dataset restored from auto-20261120T130000Z (2026-11-20 13:00:00 UTC); what was there is kept in ${ASIDE}`,
    )
    expect(rowsIn(host, MYSQL)).toBe('rows of 13\n')
    expect(rowsIn(host, ASIDE)).toBe('rows of now\n')
    expect(propertiesOf(host, MYSQL, 'recordsize,quota,mountpoint,canmount,readonly,origin,bluejail:seeded')).toEqual([
      '16384',
      '21474836480',
      'legacy',
      'on',
      'off',
      '-',
      'yes',
    ])
    expect(snapshotsOf(host, MYSQL)).toEqual(['auto-20261120T130000Z'])
    expect(snapshotsOf(host, ASIDE)).toEqual(['auto-20261120T150000Z'])
    expect(propertiesOf(host, ASIDE, 'origin')).toEqual([`${MYSQL}@auto-20261120T130000Z`])
  })

  test('is not restored twice, unless it had a snapshot since', async () => {
    const host = await restoreHost()
    await restored(host, mysql)
    expect(await restored(host, mysql)).toMatchObject({
      changed: false,
      msg: expect.stringContaining('restored already'),
    })
    snapshotAt(host, '2026-11-22T12:00:00Z', 'later', [MYSQL])
    const again = await restored(host, { ...mysql, parts: ['var-db-mysql'] })
    expect(again.steps).toHaveLength(4)
  })

  test('the way back is two renames and a promotion, and nothing is lost by it', async () => {
    const host = await restoreHost()
    const undone = `${MYSQL}-before-20261122T123000Z`
    await restored(host, mysql)
    for (const words of [
      ['rename', MYSQL, undone],
      ['rename', ASIDE, MYSQL],
      ['promote', MYSQL],
    ])
      expect(host.outside('zfs', ...words)).toMatchObject({ exit: 0 })
    expect(rowsIn(host, MYSQL)).toBe('rows of now\n')
    expect(propertiesOf(host, MYSQL, 'mountpoint,recordsize')).toEqual(['legacy', '16384'])
    expect(snapshotsOf(host, MYSQL)).toEqual(['auto-20261120T130000Z', 'auto-20261120T150000Z'])
    const all = await foretold(host, { as_of: AS_OF, in_place: true })
    expect(Object.keys(all.state.parts as object)).not.toContain('var-db-mysql-before-20261122T123000Z')
    expect(all.warnings).toEqual([])
    await restored(host, mysql)
    expect(rowsIn(host, MYSQL)).toBe('rows of 13\n')
    expect(host.outside('zfs', 'destroy', '-r', undone)).toMatchObject({ exit: 0 })
  })

  test('waits for the instance to be stopped', async () => {
    const host = await restoreHost()
    startJail(host, 'web1')
    await expect(restored(host, mysql)).rejects.toThrow(
      'web1 is running: its datasets are replaced while it is stopped',
    )
    const checked = await foretold(host, mysql)
    expect(checked.steps).toHaveLength(4)
    expect(checked.warnings.join()).toContain('web1 is running')
    expect(host.outside('zfs', 'list', ASIDE).exit).toBe(1)
  })

  test('what is in the way of it is refused before anything is done', async () => {
    const host = await restoreHost()
    host.outside('zfs', 'create', `${MYSQL}-restoring`)
    await expect(restored(host, mysql)).rejects.toThrow(`${MYSQL}-restoring is in the way`)
    host.outside('zfs', 'destroy', `${MYSQL}-restoring`)
    host.outside('zfs', 'create', `${MYSQL}/inner`)
    await expect(restored(host, mysql)).rejects.toThrow(`has datasets below it (${MYSQL}/inner)`)
    host.outside('zfs', 'destroy', `${MYSQL}/inner`)
    host.tree.write('/hosting/instances/web1/journal.json', '{}')
    await expect(restored(host, mysql)).rejects.toThrow('is being switched to another blueprint')
    expect(rowsIn(host, MYSQL)).toBe('rows of now\n')
  })
})

test('beside it: mounted below the directory of the instance, while that runs on', async () => {
  const host = await restoreHost()
  startJail(host, 'web1')
  const report = await restored(host, { parts: ['var/db/mysql'], as_of: AS_OF })
  const name = 'var-db-mysql-restored-20261120T130000Z'
  expect(report.steps).toHaveLength(1)
  expect(propertiesOf(host, `${TOP}/${name}`, 'mounted,readonly,exec,setuid,bluejail:autosnap')).toEqual([
    'yes',
    'on',
    'off',
    'off',
    'off',
  ])
  expect(host.tree.read(`/hosting/instances/web1/${name}/ibdata1`)).toBe('rows of 13\n')
  expect(host.tree.read('/hosting/instances/web1/root/var/db/mysql/ibdata1')).toBe('rows of now\n')
  expect(await restored(host, { parts: ['var/db/mysql'], as_of: AS_OF })).toMatchObject({ changed: false })
})

test('all of an instance: every dataset of it, and nothing of an earlier restore', async () => {
  const host = await restoreHost()
  await restored(host, mysql)
  const report = await restored(host, { as_of: AS_OF, in_place: true })
  expect(Object.keys(report.state.parts as object).sort()).toEqual(
    'etc home root tmp usr-local-etc usr-local-www var var-db var-db-mysql'.split(' '),
  )
  expect(report.steps.filter(step => step.startsWith('zfs clone'))).toHaveLength(8)
})
