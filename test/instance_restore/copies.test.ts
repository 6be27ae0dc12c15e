/** instance_restore: from copies, in the same pool and in another one. */
import { describe, expect, test } from 'vitest'
import { receive } from '../../modules/freebsd/zfs-send.ts'
import { NOT_RECEIVED } from '../../modules/rules/restore/datasets.ts'
import { BLUEPRINT } from '../support/instance-host.ts'
import { COPY, copyHost, restoreHost, rowsIn, TOP } from '../support/restore-host.ts'
import { datasetsBelow, foretold, propertiesOf, restored, snapshotsOf } from './runs.ts'

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

  test('that was brought here for it, beside what there is: that too stands alone, and it can be destroyed', async () => {
    const host = await copyHost()
    host.outside('zfs', 'create', '-o', 'mountpoint=/hosting/instances/web1', TOP)
    const options = { from: COPY, adopt: true, parts: ['etc', 'var/db/mysql'] }
    const steps = (await foretold(host, options)).steps.length
    for (let survived = 1; survived < steps; survived++) {
      const cut = await copyHost()
      cut.outside('zfs', 'create', '-o', 'mountpoint=/hosting/instances/web1', TOP)
      cut.machine.cutPowerAfter(survived)
      await restored(cut, options).catch(() => undefined)
      cut.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
      cut.boot()
      // As restore.yml does: what depends on it is let go, and it is fetched anew.
      for (const name of datasetsBelow(cut, TOP)) cut.outside('zfs', 'promote', `${TOP}/${name}`)
      expect(cut.outside('zfs', 'destroy', '-r', COPY), `cut after ${survived} steps`).toMatchObject({ exit: 0 })
    }
    await restored(host, options)
    expect(host.outside('zfs', 'destroy', '-r', COPY)).toMatchObject({ exit: 0 })
    const beside = '/hosting/instances/web1/var-db-mysql-restored-20261120T150000Z'
    expect(host.tree.read(`${beside}/ibdata1`)).toBe('rows of 15\n')
  })

  test('that was fetched from another host, of an instance that is not there: it says what it was filled from', async () => {
    const host = await copyHost()
    const fetched = 'zroot/hosting/arrived/web1'
    host.outside('zfs', 'create', '-p', '-o', 'mountpoint=none', fetched)
    host.outside('zfs', 'set', 'bluejail:restored=1', `${COPY}/etc`)
    for (const name of datasetsBelow(host, COPY))
      await host.perform({
        kind: 'pipe',
        from: ['zfs', 'send', '-wp', `${COPY}/${name}@auto-20261120T150000Z`],
        to: receive(`${fetched}/${name}`, { type: 'filesystem', without: NOT_RECEIVED }),
      })
    expect(propertiesOf(host, `${fetched}/etc`, 'bluejail:restored')).toEqual(['-'])
    await restored(host, { from: fetched, in_place: true, adopt: true })
    expect(propertiesOf(host, `${TOP}/etc`, 'bluejail:seeded,bluejail:blueprint')).toEqual(['yes', BLUEPRINT])
    expect(propertiesOf(host, MYSQL, 'recordsize')).toEqual(['16384'])
    expect(host.outside('zfs', 'destroy', '-r', fetched)).toMatchObject({ exit: 0 })
  })

  test('that is not there is refused', async () => {
    const host = await restoreHost()
    await expect(restored(host, { from: 'zroot/nosuch', in_place: true })).rejects.toThrow(
      'there is no dataset zroot/nosuch to restore from',
    )
  })
})
