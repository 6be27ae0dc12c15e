/** What goes wrong while snapshots are destroyed is told of, and is not tried a hundred times. */
import { expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { autosnapped, reported, snapshotsOn, withPolicies } from '../support/snapshot-host.ts'

const at = (hour: number, minute = 0) => Date.UTC(2026, 10, 22, hour, minute)
const many = Object.fromEntries(Array.from({ length: 60 }, (_, id) => [`zroot/hosting/instances/i${id}`, {}]))

async function withExpired(): Promise<FakeHost> {
  const wanted = {
    policies: [{ name: 'hourly', hourly: 1 }],
    datasets: [{ name: 'zroot/hosting/instances', policy: 'hourly' }],
    prometheus_file: '/var/tmp/autosnap.prom',
  }
  const host = withPolicies(wanted, { datasets: many, files: { '/var/tmp/x': '' } })
  await reported(host, at(0))
  return host
}

test('a command that hangs is not followed by one for each dataset', async () => {
  const host = await withExpired()
  let hung = 0
  host.machine.fault({ program: 'zfs', when: args => args[0] === 'destroy' && ++hung > 0, kind: 'hang' })
  const { destroyed, troubles } = await reported(host, at(1))
  expect([destroyed, hung]).toEqual([[], 1])
  expect(troubles).toEqual([expect.stringMatching(/ and 60 more could not be destroyed: .*did not end within/)])
})

test('asked to end while what was refused goes one by one, it begins no other, and says how many are left', async () => {
  const host = await withExpired()
  const held = 'zroot/hosting/instances/i7@auto-20261122T000000Z'
  host.machine.fault({
    program: 'zfs',
    when: args => args[0] === 'destroy' && args.includes('-r'),
    kind: 'exit',
    stderr: `cannot destroy snapshot ${held}: dataset is busy\n`,
  })
  const ending = new AbortController()
  const perform: FakeHost['perform'] = async step => {
    if (step.kind === 'run' && step.command[1] === 'destroy' && !step.command.includes('-r')) ending.abort()
    return host.perform(step)
  }
  const { destroyed, left, troubles } = await reported({ ...host, perform }, at(1), { ending: ending.signal })
  expect([destroyed.length, left, troubles]).toEqual([1, 59, [`${held} could not be destroyed: dataset is busy`]])
  expect(snapshotsOn(host).filter(name => name.endsWith('@auto-20261122T000000Z'))).toHaveLength(60)
})

test('one that was held and vanishes meanwhile does not end the run', async () => {
  const host = await withExpired()
  const held = 'zroot/hosting/instances/i7@auto-20261122T000000Z'
  host.outside('zfs', 'hold', 'x', held)
  const query: FakeHost['query'] = async (command, options) => {
    if (command[1] === 'holds') {
      host.outside('zfs', 'release', 'x', held)
      host.outside('zfs', 'destroy', held)
    }
    return host.query(command, options)
  }
  const { destroyed, troubles } = await reported({ ...host, query }, at(1))
  expect([destroyed.length, troubles]).toEqual([60, []])
})

test('where nobody can be asked what may go, what was taken is told of, and metrics are written', async () => {
  const host = await withExpired()
  host.machine.fault({
    program: 'zfs',
    when: args => args.includes('bookmark'),
    kind: 'exit',
    stderr: 'internal error: out of memory\n',
  })
  const { exit, stdout, stderr } = await autosnapped(host, at(1), ['run', '--json'])
  expect([exit, stderr]).toEqual([1, ''])
  expect(JSON.parse(stdout)).toMatchObject({
    taken: { length: 61 },
    left: 61,
    troubles: [expect.stringMatching(/^What has expired is left for the next run: .*out of memory/)],
  })
  expect(host.tree.read('/var/tmp/autosnap.prom')?.toString()).toContain('bluejail_autosnap_taken 61\n')
})
