import { expect, test } from 'vitest'
import { listTree, parseTree } from '../../modules/freebsd/zfs-tree.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

test('all below a dataset in one process, and only what is set', async () => {
  const host = fakeFreeBSD({
    datasets: { 'zroot/a b/c': { 'bluejail:stage': 'complete', quota: '1G' }, 'zroot/ab': {} },
  })
  const tree = await listTree(host, 'zroot/a b', 'filesystem,volume', ['quota', 'bluejail:stage', 'origin'])
  expect([...tree].map(([name, row]) => [name, Object.fromEntries(row)])).toEqual([
    ['zroot/a b', { quota: '0' }],
    ['zroot/a b/c', { quota: '1073741824', 'bluejail:stage': 'complete' }],
  ])
  expect(host.counts).toEqual({ zfs: 1 })
})

test('snapshots with the moment they were taken', async () => {
  const host = fakeFreeBSD({ datasets: { 'zroot/a': {} }, commands: [['zfs', 'snapshot', '-r', 'zroot@x']] })
  const tree = await listTree(host, 'zroot/a', 'snapshot', ['creation'])
  expect([...tree].map(([name, row]) => [name, row.get('creation')])).toEqual([['zroot/a@x', '1795348800']])
})

test('a dataset that is not there has nothing below it, and any other complaint is a failure', async () => {
  const host = fakeFreeBSD()
  expect((await listTree(host, 'zroot/nowhere', 'filesystem', ['used'])).size).toBe(0)
  await expect(listTree(host, 'zroot', 'filesystem', ['no such thing'])).rejects.toThrow(/failed with exit status/)
})

test('zfs-1 a value with a tab is not taken for another column', () => {
  expect(() => parseTree(['zfs', 'list'], 'zroot\t1\ta\tb\n', ['used', 'bluejail:stage'])).toThrow(/cannot read/)
})
