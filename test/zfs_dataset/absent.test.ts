import { expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { converged, refusal } from './support.ts'

const absent = { name: 'zroot/a', state: 'absent' }
const host = (...commands: string[][]) =>
  fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/a': { mountpoint: 'none' } }, commands })

test('what is not there is absent', async () => {
  expect(await converged(fakeFreeBSD({ pools: { zroot: {} } }), absent)).toMatchObject({
    changed: false,
    msg: 'the dataset zroot/a: as wanted',
  })
})

test('an unmounted dataset with nothing in it goes', async () => {
  const machine = host()
  expect(await converged(machine, absent)).toMatchObject({ steps: ['zfs destroy zroot/a'], state: { datasets: {} } })
  expect(await converged(machine, absent)).toMatchObject({ changed: false })
})

test('zfs.md §3 case 48: children, snapshots and a mounted file tree forbid it unless recursive', async () => {
  const machine = fakeFreeBSD({
    pools: { zroot: {} },
    datasets: { 'zroot/a': { mountpoint: '/a' }, 'zroot/a/b': {}, 'zroot/a/c': {} },
    commands: [['zfs', 'snapshot', 'zroot/a@s', 'zroot/a/b@s']],
  })
  expect(await refusal(machine, absent)).toBe(
    'zroot/a cannot be destroyed: it has 2 child datasets (zroot/a/b, zroot/a/c) and 2 snapshots (zroot/a@s, zroot/a/b@s) and a mounted file tree. If all that may go, say recursive: true.',
  )
  expect((await converged(machine, { ...absent, recursive: true })).steps).toEqual(['zfs destroy -r zroot/a'])
})

test('children that shall go too are no obstacle, and go first', async () => {
  const machine = host(['zfs', 'create', 'zroot/a/b'], ['zfs', 'create', 'zroot/a/b/c'])
  const report = await converged(machine, { state: 'absent', datasets: ['zroot/a', 'zroot/a/b/c', 'zroot/a/b'] })
  expect(report.steps).toEqual(['zfs destroy zroot/a/b/c', 'zfs destroy zroot/a/b', 'zfs destroy zroot/a'])
})

test('a clone elsewhere forbids it, recursive or not: never -R', async () => {
  const machine = host(['zfs', 'snapshot', 'zroot/a@s'], ['zfs', 'clone', 'zroot/a@s', 'zroot/copy'])
  expect(await refusal(machine, { ...absent, recursive: true })).toBe(
    "zroot/a cannot be destroyed: zroot/copy is a clone of zroot/a@s. Destroy the clone first, or promote it ('promoted: true').",
  )
})

test('zfs-9 a held snapshot forbids it, and its tag is told', async () => {
  const machine = host(['zfs', 'snapshot', 'zroot/a@s'], ['zfs', 'hold', 'keep', 'zroot/a@s'])
  expect(await refusal(machine, { ...absent, recursive: true })).toBe(
    "zroot/a cannot be destroyed: zroot/a@s is held (keep). If it may go: 'zfs release keep zroot/a@s'.",
  )
})

test('zfs-10 mount-7 a nullfs mount that shows a part of it forbids it', async () => {
  const machine = fakeFreeBSD({
    pools: { zroot: {} },
    datasets: { 'zroot/a': { mountpoint: '/a' }, 'zroot/j': { mountpoint: '/j' } },
    commands: [['mount', '-t', 'nullfs', '-o', 'ro', '/a', '/j']],
  })
  expect(await refusal(machine, { ...absent, recursive: true })).toBe(
    'zroot/a cannot be destroyed: it is used by the mount of /a on /j (nullfs). Unmount that first.',
  )
})

test("a pool's own dataset is not ours to destroy", async () => {
  expect(await refusal(host(), { name: 'zroot', state: 'absent', recursive: true })).toMatch(
    /it is a pool's own dataset\. To destroy a pool, use 'zpool destroy' by hand\./,
  )
})

test('looking takes two processes more, however many go', async () => {
  const machine = fakeFreeBSD({
    pools: { zroot: {} },
    datasets: Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`zroot/d${index}`, { mountpoint: 'none' }])),
  })
  const report = await converged(machine, {
    state: 'absent',
    datasets: Array.from({ length: 50 }, (_, index) => `zroot/d${index}`),
  })
  expect(report.steps).toHaveLength(50)
  expect(machine.counts).toEqual({ zfs: 2 + 50 })
})
