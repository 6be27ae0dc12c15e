/** Cut off after any change: the next run leaves the host as an undisturbed one does, but for the time in names. */
import { expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { autosnapped, snapshotsOn, withPolicies } from '../support/snapshot-host.ts'

const at = (hour: number, minute = 0) => Date.UTC(2026, 10, 22, hour, minute)
const wanted = {
  policies: [
    { name: 'hourly', hourly: 2 },
    { name: 'daily', hourly: 3, daily: 1, group: 'dataset' },
  ],
  datasets: [
    { name: 'zroot/hosting/instances', policy: 'hourly' },
    { name: 'zroot/hosting/instances/db1', policy: 'daily' },
    { name: 'tank', policy: 'hourly' },
  ],
}

async function prepared(): Promise<FakeHost> {
  const host = withPolicies(wanted, {
    pools: { zroot: {}, tank: {} },
    datasets: {
      'zroot/hosting/instances/web1/etc': {},
      'zroot/hosting/instances/web1/var': {},
      'zroot/hosting/instances/db1/var': {},
      'tank/files': {},
    },
  })
  for (const hour of [0, 1, 2, 3, 4, 5]) {
    // Nobody pruned so far.
    host.outside('zfs', 'snapshot', '-r', `zroot/hosting/instances@auto-20261122T0${hour}0000Z`)
    host.outside('zfs', 'snapshot', '-r', `tank@auto-20261122T0${hour}0000Z`)
  }
  return host
}

test('power is lost after any change', async () => {
  const undisturbed = await prepared()
  await autosnapped(undisturbed, at(6))
  const changes = undisturbed.performed.length
  expect(changes).toBeGreaterThan(5)
  for (let cut = 1; cut <= changes; cut++) {
    const host = await prepared()
    host.machine.cutPowerAfter(cut)
    await autosnapped(host, at(6))
    host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
    host.boot()
    expect(await autosnapped(host, at(6)), `cut after ${cut}`).toMatchObject({ exit: 0, stderr: '' })
    expect(snapshotsOn(host), `cut after ${cut}`).toEqual(snapshotsOn(undisturbed))
  }
})

test('killed in any command, before or after it changed something', async () => {
  const undisturbed = await prepared()
  await autosnapped(undisturbed, at(6))
  const commands = undisturbed.performed.length
  for (let nth = 1; nth <= commands; nth++)
    for (const afterwards of [false, true]) {
      const host = await prepared()
      let seen = 0
      host.machine.fault({
        program: 'zfs',
        when: args => /^(snapshot|destroy)$/.test(args[0] ?? '') && ++seen === nth,
        kind: 'kill',
        afterwards,
      })
      await autosnapped(host, at(6))
      host.machine.faults.length = 0
      expect((await autosnapped(host, at(6))).exit).toBe(0)
      expect(snapshotsOn(host), `killed in ${nth}, ${afterwards ? 'after' : 'before'} its change`).toEqual(
        snapshotsOn(undisturbed),
      )
    }
})

test('asked to end, it finishes what it has begun and begins nothing more', async () => {
  const host = await prepared()
  const ending = new AbortController()
  const busy: FakeHost = {
    ...host,
    async perform(step) {
      ending.abort()
      await host.perform(step)
    },
  }
  const { exit } = await autosnapped(host, at(6), ['run'], { host: busy, ending: ending.signal })
  expect(exit).toBe(0)
  expect(host.performed).toHaveLength(1)
})
