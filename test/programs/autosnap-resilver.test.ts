/** While a pool is being resilvered, a site may have what has expired wait. */
import { expect, test } from 'vitest'
import { autosnapped, reported, snapshotsOn, withPolicies } from '../support/snapshot-host.ts'

const at = (hour: number) => Date.UTC(2026, 10, 22, hour)
const nameAt = (hour: number) => `zroot/data@auto-20261122T0${hour}0000Z`
const wanted = (more: object = {}) => ({
  policies: [{ name: 'hourly', hourly: 1 }],
  datasets: [{ name: 'zroot/data', policy: 'hourly' }],
  wait_for_resilver: true,
  ...more,
})

async function resilveringHost(more: object = {}) {
  const host = withPolicies(wanted(more), { datasets: { 'zroot/data': {} } })
  await reported(host, at(0))
  const resilver = (since: number | undefined) => {
    const [pool] = host.machine.state.pools
    if (pool === undefined) throw new Error('there is no pool')
    if (since === undefined) delete pool.resilvering
    else pool.resilvering = since
  }
  resilver(at(0) / 1000)
  return { host, resilver }
}

test('what is due is taken, what has expired waits until the resilver is done', async () => {
  const { host, resilver } = await resilveringHost()
  const during = await reported(host, at(1))
  expect(during).toMatchObject({ taken: [nameAt(1)], destroyed: [], left: 1, troubles: [] })
  expect(during.skipped).toEqual({
    zroot: 'it is being resilvered, so what has expired there stays until that is done',
  })
  const planned = await autosnapped(host, at(1), ['plan'])
  expect(planned).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^Nothing is due.*\n# left alone: zroot: /) })

  resilver(undefined)
  expect(await reported(host, at(1) + 300_000)).toMatchObject({
    taken: [],
    destroyed: [nameAt(0)],
    left: 0,
    skipped: {},
  })
  expect(snapshotsOn(host)).toEqual([nameAt(1)])
})

test('unless a site says so, it does not wait, and zpool is not asked', async () => {
  const { host } = await resilveringHost({ wait_for_resilver: false })
  expect(await reported(host, at(1))).toMatchObject({ destroyed: [nameAt(0)], skipped: {} })
  expect(host.counts.zpool ?? 0).toBe(0)
})

test('with nothing expired, zpool is not asked either', async () => {
  const { host } = await resilveringHost()
  expect(await reported(host, at(0) + 300_000)).toMatchObject({ taken: [], skipped: {} })
  expect(host.counts.zpool ?? 0).toBe(0)
})

test('where there is no room for a new snapshot, what has expired goes after all', async () => {
  const { host } = await resilveringHost({ policies: [{ name: 'hourly', hourly: 2 }] })
  for (const hour of [1, 2]) await reported(host, at(hour))
  let attempts = 0
  host.machine.fault({
    program: 'zfs',
    when: args => args[0] === 'snapshot' && ++attempts === 1,
    kind: 'exit',
    stderr: 'cannot create snapshots : out of space\n',
  })
  expect(await reported(host, at(3))).toMatchObject({
    taken: [nameAt(3)],
    destroyed: [nameAt(0)],
    skipped: {},
    troubles: [],
  })
})
