/** Cut off after any change, on either side: the next run ends where an undisturbed one does. */
import { describe, expect, test } from 'vitest'
import { DATASETS, PUSH, snapshotsAt, type TwoHosts, twoHosts } from './two-hosts.ts'

const SOURCE = 'zroot/hosting/instances'
const COPY = 'backup/here/instances'

/** A copy that is one snapshot behind, of which a part was lost and another was changed. */
async function prepared(): Promise<TwoHosts> {
  const hosts = twoHosts([{ ...PUSH, diverged: 'rotate' }], { datasets: { ...DATASETS, [`${SOURCE}/db1`]: {} } })
  const { here, there } = hosts
  here.outside('zfs', 'snapshot', '-r', `${SOURCE}@a`)
  await hosts.run('run')
  here.outside('zfs', 'snapshot', '-r', `${SOURCE}@b`)
  here.outside('zfs', 'snapshot', '-r', `${SOURCE}@c`)
  there.outside('zfs', 'release', 'bluejail-replica', `${COPY}/db1@a`)
  there.outside('zfs', 'destroy', '-r', `${COPY}/db1`)
  there.outside('zfs', 'snapshot', `${COPY}/web1/etc@b`)
  return hosts
}

const portrait = ({ here, there }: TwoHosts) => ({
  copies: snapshotsAt(there, COPY),
  readonly: there.outside('zfs', 'get', '-H', '-r', '-t', 'filesystem', '-o', 'name,value', 'readonly,canmount', COPY)
    .stdout,
  bookmarks: here
    .outside('zfs', 'list', '-H', '-r', '-t', 'bookmark', '-o', 'name', SOURCE)
    .stdout.replace(/\d{9,}/g, 'GUID'),
  held: there.outside('zfs', 'list', '-Hp', '-r', '-t', 'snapshot', '-o', 'name,userrefs', COPY).stdout,
  shown: here.outside('zfs', 'get', '-H', '-o', 'value', 'bluejail:replica', `${SOURCE}/web1`).stdout,
})

const undisturbed = async () => {
  const hosts = await prepared()
  const before = [hosts.here.performed.length, hosts.there.performed.length] as const
  expect((await hosts.run('run')).exit).toBe(0)
  const changes = {
    here: hosts.here.performed.length - before[0],
    there: hosts.there.performed.length - before[1],
  }
  return { seen: portrait(hosts), changes }
}

describe.each(['here', 'there'] as const)('the host that is %s', side => {
  test('loses its power after any change', async () => {
    const { seen, changes } = await undisturbed()
    expect(changes[side]).toBeGreaterThan(3)
    for (let cut = 1; cut <= changes[side]; cut++) {
      const hosts = await prepared()
      hosts[side].machine.cutPowerAfter(cut)
      await hosts.run('run')
      hosts[side].machine.cutPowerAfter(Number.POSITIVE_INFINITY)
      hosts[side].boot()
      expect((await hosts.run('run')).exit, `cut after ${cut}`).toBe(0)
      await hosts.run('run')
      expect(portrait(hosts), `cut after ${cut}`).toEqual(seen)
    }
  })

  test('has any command of it killed, before or after it changed something', async () => {
    const { seen, changes } = await undisturbed()
    for (let nth = 1; nth <= changes[side]; nth++)
      for (const afterwards of [false, true]) {
        const hosts = await prepared()
        let count = 0
        hosts[side].machine.fault({
          program: 'zfs',
          when: args => !/^(list|get|send|holds)$/.test(args[0] ?? '') && ++count === nth,
          kind: 'kill',
          afterwards,
        })
        await hosts.run('run')
        hosts[side].machine.faults.length = 0
        await hosts.run('run')
        expect((await hosts.run('run')).exit, `killed in ${nth}`).toBe(0)
        expect(portrait(hosts), `killed in ${nth}, ${afterwards ? 'after' : 'before'} its change`).toEqual(seen)
      }
  })
})
