/** What the program says, and how it is spoken to. */
import { describe, expect, test } from 'vitest'
import { POLICY_FILE } from '../../modules/rules/snapshot/settings.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { autosnapped, reported, withPolicies } from '../support/snapshot-host.ts'

const HOURLY = {
  policies: [{ name: 'hourly', hourly: 2 }],
  datasets: [{ name: 'zroot/hosting/instances', policy: 'hourly' }],
}
const at = (hour: number, minute = 0) => Date.UTC(2026, 10, 22, hour, minute)
const web1 = (part: string) => `zroot/hosting/instances/web1/${part}`
const datasets = { [web1('etc')]: {}, [web1('var')]: {}, 'zroot/hosting/shared': {} }

describe('words', () => {
  test('plan says the commands that run performs', async () => {
    const host = withPolicies(HOURLY, { datasets })
    for (const hour of [0, 1]) await reported(host, at(hour))
    const planned = await autosnapped(host, at(2), ['plan'])
    const before = host.performed.length
    await reported(host, at(2))
    const performed = host.performed
      .slice(before)
      .map(step => (step.kind === 'run' ? step.command.join(' ') : step.kind))
    expect(planned).toMatchObject({ exit: 0, stdout: performed.join('\n') })
    expect((await autosnapped(host, at(2, 1), ['plan'])).stdout).toBe('Nothing is due, and nothing has expired.')
  })

  test('status exits 1 where somebody gets no snapshots any more', async () => {
    const host = withPolicies(HOURLY, { datasets })
    await reported(host, at(0))
    expect(await autosnapped(host, at(1), ['status'])).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('hourly'),
    })
    const { exit, stdout } = await autosnapped(host, at(3), ['status'])
    expect([exit, stdout]).toEqual([1, expect.stringContaining(`${web1('etc')} has no snapshot as new as`)])
    const { policies } = JSON.parse((await autosnapped(host, at(0, 30), ['status', '--json'])).stdout)
    expect(policies.hourly).toMatchObject({ datasets: 4, snapshots: 4, nextDue: '2026-11-22T01:00:00Z', stale: [] })
  })

  test('what the list names and is not there, as of a pool that was not imported', async () => {
    const list = [...HOURLY.datasets, { name: 'tank/files', policy: 'hourly' }, { name: 'tank/tmp', policy: 'off' }]
    const host = withPolicies({ ...HOURLY, datasets: list }, { datasets })
    const words = "tank/files is not there, though 'datasets' gives it the policy 'hourly'"
    for (const args of [['run', '--quiet'], ['plan'], ['status']]) {
      const { exit, stdout } = await autosnapped(host, at(0), args)
      expect([exit, stdout]).toEqual([1, expect.stringContaining(words)])
      expect(stdout).not.toContain('tank/tmp')
    }
  })

  test('quietly, only troubles are told', async () => {
    const host = withPolicies(HOURLY, { datasets: { ...datasets, 'zroot/odd': { 'bluejail:autosnap': 'dayly' } } })
    const { exit, stdout } = await autosnapped(host, at(0), ['run', '--quiet'])
    expect([exit, stdout]).toEqual([1, 'zroot/odd: bluejail:autosnap=dayly names no policy. Known are: hourly, off.'])
  })

  test.each([
    [[], 'a command is missing'],
    [['walk'], "'walk' is no command"],
    [['run', '--fast'], "'--fast' is no option"],
    [['run', '--now'], '--now is given as --now=VALUE'],
    [['run', '--now=soon'], "'soon' is no time"],
    [['run', '--json=1'], '--json is given without a value'],
  ])('%j is refused', async (args, words) => {
    const { exit, stderr } = await autosnapped(withPolicies(HOURLY), at(0), args)
    expect([exit, stderr]).toEqual([2, expect.stringContaining(words)])
  })

  test('without a policy file, with a broken one, and with a newer one, it says what to do', async () => {
    for (const [text, words] of [
      [undefined, 'zfs_autosnap writes it'],
      ['{', 'is not JSON'],
      ['{"format":9}', 'reads 1'],
      ['{"format":1,"polices":[]}', "did you mean 'policies'"],
    ] as const) {
      const host = fakeFreeBSD(text === undefined ? {} : { files: { [POLICY_FILE]: text } })
      const { exit, stderr } = await autosnapped(host, at(0))
      expect([exit, stderr]).toEqual([2, expect.stringContaining(words)])
    }
  })

  test('a second run while one is under way says who that is', async () => {
    const host = withPolicies(HOURLY, { datasets, lockedBy: 'autosnap (process 7)' })
    expect(await autosnapped(host, at(0))).toMatchObject({ exit: 2, stderr: expect.stringContaining('process 7') })
    expect((await autosnapped(host, at(0), ['status'])).exit).not.toBe(2)
  })

  test('metrics are written where they are asked for', async () => {
    const path = '/var/tmp/autosnap.prom'
    const host = withPolicies({ ...HOURLY, prometheus_file: path }, { datasets, files: { '/var/tmp/x': '' } })
    await reported(host, at(0))
    expect(host.tree.read(path)?.toString()).toContain('bluejail_autosnap_taken 4\n')
    const nowhere = withPolicies({ ...HOURLY, prometheus_file: '/nowhere/autosnap.prom' }, { datasets })
    const { taken, troubles } = await reported(nowhere, at(0))
    expect([taken.length, troubles]).toEqual([
      4,
      [expect.stringContaining('/nowhere/autosnap.prom could not be written')],
    ])
  })
})

test('snapshots from ahead of the clock: none are taken, and it is said', async () => {
  const host = withPolicies(HOURLY, { datasets })
  await reported(host, at(9))
  const { taken, troubles } = await reported(host, at(5))
  expect(taken).toEqual([])
  expect(troubles).toEqual([expect.stringContaining('newer snapshots than the clock says')])
})
