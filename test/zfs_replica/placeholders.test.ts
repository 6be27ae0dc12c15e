/** A placeholder is filled once its source has snapshots, or a copy is begun anew: what is below it stays. */
import { expect, test } from 'vitest'
import { PUSH, snapshotsAt, type TwoHosts, twoHosts } from './two-hosts.ts'

const SOURCE = 'zroot/hosting/instances'
const COPY = 'backup/here/instances'
const ASIDE = '-placeholder-20261122T120000Z'

const copied = ({ there }: TwoHosts) => snapshotsAt(there, 'backup/here')
const datasets = ({ there }: TwoHosts) =>
  there.outside('zfs', 'list', '-H', '-r', '-o', 'name', 'backup/here').stdout.trim().split('\n').slice(1)

/** `web1` and the root have placeholders, `web1/etc` and a copy that was set aside earlier have data. */
async function withPlaceholders(): Promise<TwoHosts> {
  const hosts = twoHosts()
  hosts.here.outside('zfs', 'snapshot', `${SOURCE}/web1/etc@a`)
  expect((await hosts.run('run')).exit).toBe(0)
  expect(copied(hosts)).toEqual(['/instances/web1/etc@a'])
  hosts.there.outside('zfs', 'create', '-o', 'mountpoint=none', `${COPY}/web1/etc-diverged-20260101T000000Z`)
  hosts.here.outside('zfs', 'snapshot', '-r', `${SOURCE}@b`)
  return hosts
}

const FILLED = {
  datasets: [
    `${COPY}`,
    `${COPY}/web1`,
    `${COPY}/web1/etc`,
    `${COPY}/web1/etc-diverged-20260101T000000Z`,
    `${COPY}/web1${ASIDE}`,
    `${COPY}${ASIDE}`,
  ].sort(),
  snapshots: ['/instances/web1/etc@a', '/instances/web1/etc@b', '/instances/web1@b', '/instances@b'].sort(),
}

test('a placeholder whose source gets snapshots is filled, and nothing below is sent again', async () => {
  const hosts = await withPlaceholders()
  const { exit, replicas } = await hosts.run('run', '--json')
  expect(replicas[0]?.datasets.map(({ state, steps }) => [state, steps])).toEqual([
    ...[COPY, `${COPY}/web1`].map(copy => [
      'sent',
      [`@b, all of it, anew: ${copy} only stood for it`, `put in its place; what was there is ${copy}${ASIDE}`],
    ]),
    ['sent', ['@b since a']],
  ])
  expect(exit).toBe(0)
  expect(datasets(hosts).sort()).toEqual(FILLED.datasets)
  expect(copied(hosts)).toEqual(FILLED.snapshots)
  expect((await hosts.run('run')).said).toEqual([expect.stringMatching(/: 3 current$/)])
})

test('cut off at any rename, the next run ends it', async () => {
  for (let last = 0; last < 7; last++) {
    const hosts = await withPlaceholders()
    const { perform } = hosts.there
    let renames = 0
    hosts.there.perform = step => {
      const isRename = step.kind === 'run' && step.command[1] === 'rename'
      if (isRename && renames++ >= last) throw new Error('the power goes')
      return perform(step)
    }
    expect((await hosts.run('run')).exit).toBe(2)
    expect(renames).toBeGreaterThan(last)
    hosts.there.perform = perform
    expect([last, (await hosts.run('run')).exit]).toEqual([last, 0])
    expect(datasets(hosts).sort()).toEqual(FILLED.datasets)
    expect(copied(hosts)).toEqual(FILLED.snapshots)
  }
})

test('a filling that is cut off goes on', async () => {
  const hosts = await withPlaceholders()
  hosts.cuts.push(0.5, 0.5, 0.5)
  await hosts.run('run')
  expect((await hosts.run('run')).exit).toBe(0)
  expect(copied(hosts)).toEqual(FILLED.snapshots)
})

test('what merely has no snapshot, and may be somebody’s own, is left and told', async () => {
  const hosts = twoHosts([{ ...PUSH, target: 'backup/here/own' }])
  hosts.there.outside('zfs', 'create', 'backup/here/own')
  hosts.here.outside('zfs', 'snapshot', '-r', `${SOURCE}@a`)
  const { exit, replicas } = await hosts.run('run', '--json')
  expect([exit, replicas[0]?.datasets[0]?.state]).toEqual([1, 'diverged'])
  expect(replicas[0]?.datasets[0]?.why).toMatch(/has no snapshot to go on from/)
})

test('a copy that is begun anew is replaced, and what is below it goes on', async () => {
  const hosts = twoHosts([{ ...PUSH, diverged: 'rotate' }])
  const { here, there } = hosts
  here.outside('zfs', 'snapshot', '-r', `${SOURCE}@a`)
  await hosts.run('run')
  for (const verb of ['release bluejail-replica', 'destroy']) there.outside('zfs', ...verb.split(' '), `${COPY}/web1@a`)
  there.outside('zfs', 'snapshot', `${COPY}/web1@own`)
  here.outside('zfs', 'snapshot', '-r', `${SOURCE}@b`)
  const { exit, replicas } = await hosts.run('run', '--json')
  const aside = `${COPY}/web1-diverged-20261122T120000Z`
  expect(replicas[0]?.datasets.map(({ steps }) => steps)).toEqual([
    ['@b since a'],
    [
      `@a, all of it, anew: ${COPY}/web1 and ${SOURCE}/web1 have no snapshot in common (the copy's last is @own)`,
      `put in its place; what was there is ${aside}`,
      '@b since a',
    ],
    ['@b since a'],
  ])
  expect([exit, snapshotsAt(there, COPY)]).toEqual([
    0,
    ['/web1-diverged-20261122T120000Z@own', '/web1/etc@a', '/web1/etc@b', '/web1@a', '/web1@b', '@a', '@b'],
  ])
})

test('an instance that came back after a failover: its parts go on, and its own dataset alone is begun anew', async () => {
  const hosts = twoHosts([{ ...PUSH, diverged: 'rotate' }])
  const zfs = (...args: string[]) => expect(hosts.here.outside('zfs', ...args)).toMatchObject({ exit: 0 })
  zfs('snapshot', '-r', `${SOURCE}@a`)
  await hosts.run('run')
  // As playbooks/tasks/move_one.yml leaves it.
  zfs('create', '-p', '-o', 'mountpoint=none', 'zroot/hosting/left')
  zfs('rename', '-u', `${SOURCE}/web1`, 'zroot/hosting/left/web1')
  zfs('create', '-o', 'bluejail:instance=web1', `${SOURCE}/web1`)
  zfs('clone', '-o', 'mountpoint=legacy', 'zroot/hosting/left/web1/etc@a', `${SOURCE}/web1/etc`)
  zfs('promote', `${SOURCE}/web1/etc`)
  zfs('snapshot', '-r', `${SOURCE}@b`)
  const { exit, replicas } = await hosts.run('run', '--json')
  expect([exit, replicas[0]?.warnings]).toEqual([0, []])
  expect(replicas[0]?.datasets.map(({ dataset, steps }) => [dataset.slice(SOURCE.length), steps])).toEqual([
    ['', ['@b since a']],
    ['/web1', [expect.stringMatching(/^@b, all of it, anew: .* no snapshot in common/), expect.any(String)]],
    ['/web1/etc', ['@b since a']],
  ])
  expect((await hosts.run('run')).said).toEqual([expect.stringMatching(/: 3 current$/)])
})
