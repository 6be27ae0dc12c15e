/** Copies that somebody has taken into use in the place of their source: nothing is done to them, and that is told. */
import { expect, test } from 'vitest'
import { COPY, get, PUSH, SOURCE, snap, snapshotsAt, states, type TwoHosts, twoHosts } from './two-hosts.ts'

const IN_USE = ['web1', 'web1/etc'].map(part => `${COPY}/${part}`)

const takeIntoUse = ({ there }: TwoHosts) => {
  for (const dataset of IN_USE) there.outside('zfs', 'set', 'readonly=off', 'canmount=on', dataset)
}

async function copiedAndUsed(): Promise<TwoHosts> {
  const hosts = twoHosts([{ ...PUSH, diverged: 'rotate' }])
  snap(hosts, 'a')
  await hosts.run('run')
  takeIntoUse(hosts)
  return hosts
}

test('what it had begun to receive is not completed', async () => {
  const hosts = twoHosts()
  snap(hosts, 'a')
  await hosts.run('run')
  hosts.here.outside('zfs', 'snapshot', `${SOURCE}/web1@b`)
  hosts.cuts.push(0.5, 0.5, 0.5)
  await hosts.run('run')
  takeIntoUse(hosts)
  const { exit, replicas } = await hosts.run('run', '--json')
  expect([exit, states(replicas[0])]).toEqual([1, [' current', '/web1 diverged', '/web1/etc current']])
  expect(snapshotsAt(hosts.there, `${COPY}/web1`)).toEqual(['/etc@a', '@a'])
})

test('it is not renamed, though its source is another dataset of that name by now', async () => {
  const hosts = await copiedAndUsed()
  hosts.here.outside('zfs', 'destroy', '-r', `${SOURCE}/web1`)
  hosts.here.outside('zfs', 'create', '-o', 'bluejail:instance=web1', `${SOURCE}/web1`)
  hosts.here.outside('zfs', 'create', `${SOURCE}/web1/etc`)
  snap(hosts, 'b')
  const { exit, replicas } = await hosts.run('run', '--json')
  expect([exit, replicas[0]?.datasets[1]?.why]).toEqual([
    1,
    expect.stringMatching(/have no snapshot in common .*it stays, since .*web1 is not read-only/),
  ])
  expect(snapshotsAt(hosts.there, `${COPY}/web1`)).toEqual(['/etc@a', '@a'])
})

test('it is not renamed together with what is above it', async () => {
  const hosts = await copiedAndUsed()
  hosts.there.outside('zfs', 'release', 'bluejail-replica', `${COPY}@a`)
  hosts.there.outside('zfs', 'destroy', `${COPY}@a`)
  hosts.there.outside('zfs', 'snapshot', `${COPY}@own`)
  snap(hosts, 'b')
  expect((await hosts.run('run')).exit).toBe(1)
  expect(IN_USE.map(dataset => get(hosts.there, 'readonly', dataset))).toEqual(['off', 'off'])
})
