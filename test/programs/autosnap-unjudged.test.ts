/** Snapshots that nobody has judged stay, whatever goes above them. */
import { expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { autosnapped, reported, snapshotsOn, withPolicies } from '../support/snapshot-host.ts'

const wanted = {
  policies: [
    { name: 'hourly', hourly: 1 },
    { name: 'archive', hourly: 2000 },
  ],
  datasets: [{ name: 'zroot/hosting/instances', policy: 'hourly' }],
}
const at = (hour: number, minute = 0) => Date.UTC(2026, 10, 22, hour, minute)
const web1 = (part: string) => `zroot/hosting/instances/web1/${part}`
const datasets = { [web1('etc')]: {}, [web1('var')]: {}, [web1('off')]: { 'bluejail:autosnap': 'off' } }
const on = (host: FakeHost, dataset: string) => snapshotsOn(host).filter(name => name.startsWith(`${dataset}@`))
const EXPIRED = 'auto-20261122T000000Z'

test('what is left alone, since a property of it cannot be read, keeps all it has', async () => {
  const names = [1, 2, 3, 4].map(hour => `auto-20261122T0${hour}0000Z`)
  const host = withPolicies(wanted, {
    datasets: { [web1('etc')]: {}, [web1('var')]: { 'bluejail:autosnap': 'archive\t' } },
    commands: names.map(name => ['zfs', 'snapshot', '-r', `zroot/hosting/instances@${name}`]),
  })
  const planned = (await autosnapped(host, at(4, 5), ['plan'])).stdout
  expect(planned).not.toContain('-r zroot/hosting/instances/web1@')
  const { troubles } = await reported(host, at(4, 5))
  expect(troubles).toEqual([expect.stringContaining(`${web1('var')} is left alone`)])
  expect(on(host, web1('var'))).toHaveLength(4)
  expect(on(host, web1('etc'))).toEqual([`${web1('etc')}@${names[3]}`])
})

/** Does this once the host was looked at, and before anything is destroyed. */
function meanwhile(host: FakeHost, ...commands: readonly (readonly string[])[]): FakeHost {
  const query: FakeHost['query'] = async (command, options) => {
    const answer = await host.query(command, options)
    if (command.includes('name,userrefs,clones,creation')) for (const each of commands) host.outside(...each)
    return answer
  }
  return { ...host, query }
}

test.each([
  [
    'has come',
    web1('late'),
    [
      ['zfs', 'create', '-o', 'bluejail:autosnap=off', web1('late')],
      ['zfs', 'snapshot', `${web1('late')}@${EXPIRED}`],
    ],
  ],
  ['has got another name', web1('var-before-x'), [['zfs', 'rename', web1('var'), web1('var-before-x')]]],
  ['has no policy and got a snapshot', web1('off'), [['zfs', 'snapshot', `${web1('off')}@${EXPIRED}`]]],
])('what %s since the look keeps what it has', async (_, dataset, commands) => {
  const host = withPolicies(wanted, { datasets })
  await reported(host, at(0))
  const { destroyed } = await reported(meanwhile(host, ...commands), at(1))
  expect(on(host, dataset)).toContain(`${dataset}@${EXPIRED}`)
  expect(destroyed).toContain(`${web1('etc')}@${EXPIRED}`)
  expect(destroyed.some(name => name.startsWith(`${dataset}@`))).toBe(false)
})
