/** instance_restore: from copies, in the same pool and in another one. */
import { describe, expect, test } from 'vitest'
import { COPY, copyHost, restoreHost, rowsIn, TOP } from '../support/restore-host.ts'
import { propertiesOf, restored, snapshotsOf } from './runs.ts'

const MYSQL = `${TOP}/var-db-mysql`

describe('from a copy', () => {
  const whole = { from: COPY, in_place: true }

  test('an instance that is not there: cloned, laid out as an instance, and the copy stays as it is', async () => {
    const host = await copyHost()
    const before = host.outside(
      'zfs',
      'get',
      '-Hp',
      '-r',
      '-o',
      'name,property,value',
      'readonly,canmount',
      COPY,
    ).stdout
    const report = await restored(host, whole)
    expect(report.steps[0]).toBe('zfs create -o mountpoint=/hosting/instances/web1 zroot/hosting/instances/web1')
    expect(rowsIn(host, MYSQL)).toBe('rows of 15\n')
    expect(propertiesOf(host, MYSQL, 'recordsize,quota,mountpoint,canmount,readonly,bluejail:seeded')).toEqual([
      '16384',
      '0',
      'legacy',
      'on',
      'off',
      'yes',
    ])
    expect(host.outside('zfs', 'get', '-Hp', '-r', '-o', 'name,property,value', 'readonly,canmount', COPY).stdout).toBe(
      before,
    )
    expect(await restored(host, whole)).toMatchObject({ changed: false })
  })

  test('in another pool: sent, and then laid out', async () => {
    const host = await copyHost('tank')
    const report = await restored(host, { ...whole, from: COPY.replace('zroot', 'tank'), parts: ['var-db-mysql'] })
    expect(report.steps.slice(1).map(step => step.replace(/ -o .*-restoring/, ' -restoring').slice(0, 40))).toEqual([
      'zfs send -Lecp tank/copies/hamburg1/inst',
      'zfs set mountpoint=legacy canmount=on re',
      `zfs rename ${MYSQL}-restoring ${MYSQL}`.slice(0, 40),
    ])
    expect(rowsIn(host, MYSQL)).toBe('rows of 15\n')
    expect(propertiesOf(host, MYSQL, 'mountpoint,canmount,readonly,recordsize')).toEqual([
      'legacy',
      'on',
      'off',
      '16384',
    ])
    expect(
      await restored(host, { ...whole, from: COPY.replace('zroot', 'tank'), parts: ['var-db-mysql'] }),
    ).toMatchObject({
      changed: false,
    })
  })

  test('under another id, beside the one that there is', async () => {
    const host = await copyHost()
    await restored(host, { ...whole, id: 'drill' })
    expect(rowsIn(host, 'zroot/hosting/instances/drill/var-db-mysql')).toBe('rows of 15\n')
    expect(host.outside('zfs', 'list', TOP).exit).toBe(1)
  })

  test('that was brought here for it: the instance has its snapshots, and it can be destroyed', async () => {
    const host = await copyHost()
    await restored(host, { ...whole, adopt: true })
    expect(snapshotsOf(host, MYSQL)).toEqual(['auto-20261120T150000Z'])
    expect(host.outside('zfs', 'destroy', '-r', COPY)).toMatchObject({ exit: 0 })
    expect(rowsIn(host, MYSQL)).toBe('rows of 15\n')
  })

  test('that is not there is refused', async () => {
    const host = await restoreHost()
    await expect(restored(host, { from: 'zroot/nosuch', in_place: true })).rejects.toThrow(
      'there is no dataset zroot/nosuch to restore from',
    )
  })
})
