/** An instance that went to another host is not run from what it left behind, nor from what is not all there yet. */
import { describe, expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { addBlueprint, BLUEPRINT, instanceHost } from '../support/instance-host.ts'
import { applied, foretold, stateOf } from './runs.ts'

const NEXT = '2027Q1-php84'
const TOP = 'zroot/hosting/instances/web1'
const web1 = { id: 'web1', blueprint: BLUEPRINT }

test('what it left behind is not run until somebody says so', async () => {
  const host = instanceHost()
  host.outside('zfs', 'set', 'bluejail:moved=20261122T120000Z hamburg2', 'zroot/hosting/instances/web1')
  await expect(applied(host, web1)).rejects.toThrow(
    'web1 was moved away from this host (20261122T120000Z hamburg2), and zroot/hosting/instances/web1 was left behind',
  )
  await applied(host, { id: 'web1', state: 'absent' })
  host.outside('zfs', 'inherit', 'bluejail:moved', 'zroot/hosting/instances/web1')
  expect(await applied(host, web1)).toMatchObject({ changed: true })
})

test('what is on its way here is not run', async () => {
  const host = instanceHost()
  const mark = (value: string) =>
    host.outside('zfs', 'set', `bluejail:arrived=20261122T120000Z hamburg1${value}`, 'zroot/hosting/instances/web1')
  mark(' restoring')
  await expect(applied(host, web1)).rejects.toThrow('web1 is not whole')
  mark(' unfinished')
  await expect(applied(host, web1)).rejects.toThrow(
    "web1 is not whole: it is on its way here (bluejail:arrived of zroot/hosting/instances/web1 is '20261122T120000Z hamburg1 unfinished')",
  )
  mark('')
  expect(await applied(host, web1)).toMatchObject({ changed: true })
})

describe('one that comes from elsewhere, without an fstab', () => {
  const arrived = async (): Promise<FakeHost> => {
    const host = instanceHost({ parts: ['var-db-mysql'] })
    await applied(host, { ...web1, additional_writable: ['var/db/mysql'] })
    host.tree.remove('/hosting/instances/web1/fstab')
    addBlueprint(host, NEXT)
    return host
  }

  test('starts on the blueprint that it ran on, and on another by a switch alone', async () => {
    const host = await arrived()
    const wish = { ...web1, blueprint: NEXT }
    const why = `web1: ${TOP}/etc is of the blueprint ${BLUEPRINT}, on which it ran last, and ${NEXT} needs its configuration merged. Say ${BLUEPRINT} as its blueprint, and then switch it with blueprint_switch.`
    await expect(applied(host, wish)).rejects.toThrow(why)
    await expect(foretold(host, wish)).rejects.toThrow(why)
    expect(host.tree.read('/hosting/instances/web1/fstab')).toBeUndefined()
    expect(await applied(host, web1)).toMatchObject({ changed: true })
    expect(await applied(host, web1)).toMatchObject({ changed: false })
  })

  test('a part that did not come with it is filled', async () => {
    const host = await arrived()
    host.outside('zfs', 'destroy', `${TOP}/usr-local-etc`)
    host.outside('zfs', 'create', '-o', 'mountpoint=legacy', `${TOP}/usr-local-etc`)
    expect(stateOf(await applied(host, web1)).seeded).toContain('usr/local/etc')
  })

  test('a part that was not mounted when it was switched says nothing of the others', async () => {
    const host = await arrived()
    const marked = (blueprint: string, ...parts: string[]) =>
      host.outside('zfs', 'set', `bluejail:blueprint=${blueprint}`, ...parts.map(part => `${TOP}/${part}`))
    marked(NEXT, 'etc', 'usr-local-etc', 'usr-local-www', 'var', 'var-db', 'home', 'root', 'tmp')
    const withDatabase = { ...web1, additional_writable: ['var/db/mysql'] }
    await expect(applied(host, withDatabase)).rejects.toThrow(`${TOP}/etc is of the blueprint ${NEXT}`)
    expect(await applied(host, { ...withDatabase, blueprint: NEXT })).toMatchObject({ changed: true })
  })

  test('what an operator filled by hand is of no blueprint', async () => {
    const host = await arrived()
    for (const part of ['etc', 'usr-local-etc', 'usr-local-www', 'var', 'var-db', 'home', 'root', 'tmp'])
      host.outside('zfs', 'inherit', 'bluejail:blueprint', `${TOP}/${part}`)
    expect(await applied(host, { ...web1, blueprint: NEXT })).toMatchObject({ changed: true })
  })
})

test('where the key of a part is not loaded, its encryption root is named, which alone can have it', async () => {
  const [host, top] = [instanceHost(), 'zroot/hosting/instances/web1']
  const zfs = (...args: string[]) =>
    host.perform({ kind: 'run', command: ['zfs', ...args], input: 'correct horse battery\n' })
  await zfs('destroy', '-r', top)
  await zfs('create', '-o', 'encryption=on', '-o', 'keyformat=passphrase', top)
  await zfs('create', '-o', 'mountpoint=legacy', `${top}/etc`)
  await zfs('unmount', top)
  await zfs('unload-key', top)
  await expect(applied(host, web1)).rejects.toThrow(`the key of ${top}/etc is not loaded: 'zfs load-key ${top}'.`)
})
