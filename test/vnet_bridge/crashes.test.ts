/** The power goes after any change: the next run finishes the work, and ends where an undisturbed one does. */
import { expect, test } from 'vitest'
import { PowerCut } from '../imitation/faults.ts'
import { bridgeHost } from '../support/bridge-host.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { converged, PRIVATE } from './support.ts'

const TASKS: Record<string, object> = {
  'a private network': PRIVATE,
  'a VLAN': { name: 'hosting0', uplinks: ['vtnet0.100'], mtu: 1400, description: 'VLAN 100', stp: true },
  "the host's own interface": {
    name: 'hosting0',
    uplinks: ['vtnet0'],
    addresses: ['10.0.2.15/24'],
    allow_uplink_change: true,
  },
}

const FILES = ['/etc/rc.conf', '/etc/pf.conf', '/etc/pf.hosting.d/all_bridges.conf', '/etc/sysctl.conf']

const looks = (host: FakeHost) => [
  ...FILES.map(path => host.tree.read(path)),
  host.outside('ifconfig', '-a').stdout.replace(/ether .*|port \d+/g, ''),
  host.outside('pfctl', '-a', 'hosting/all_bridges', '-sn').stdout,
  host.outside('route', '-n', 'get', 'default').stdout,
]

async function cutAfter(host: FakeHost, task: object, changes: number): Promise<boolean> {
  host.machine.cutPowerAfter(changes)
  const died = await converged(host, task).then(
    () => false,
    error => {
      if (error instanceof PowerCut || error.cause instanceof PowerCut) return true
      throw error
    },
  )
  if (died) host.boot()
  return died
}

test.each(Object.entries(TASKS))('%s', async (_title, task) => {
  const undisturbed = bridgeHost()
  await converged(undisturbed, task)
  undisturbed.boot()
  await converged(undisturbed, task)

  let changes = 1
  for (; changes < 40; changes += 1) {
    const host = bridgeHost()
    if (!(await cutAfter(host, task, changes))) break
    await converged(host, task)
    host.boot()
    await converged(host, task)
    expect(looks(host), `after ${changes} changes`).toEqual(looks(undisturbed))
    expect(await converged(host, task)).toMatchObject({ changed: false })
  }
  expect(changes).toBeGreaterThan(4)
})

test('gone, too', async () => {
  const gone = { name: 'hosting0', state: 'absent' }
  for (let changes = 1; changes < 20; changes += 1) {
    const host = bridgeHost()
    await converged(host, PRIVATE)
    const died = await cutAfter(host, gone, changes)
    await converged(host, gone)
    expect(await converged(host, gone)).toMatchObject({ changed: false })
    expect(host.outside('ifconfig', '-l').stdout).toBe('vtnet0 lo0\n')
    expect(host.tree.read('/etc/rc.conf')).not.toContain('hosting0')
    if (!died) break
  }
})
