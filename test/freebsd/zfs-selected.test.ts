import { describe, expect, test } from 'vitest'
import { ownValue, readSelected } from '../../modules/freebsd/zfs-selected.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { machineThatSays } from './zfs-transcript.ts'

const PROPERTIES = ['type', 'bluejail:seeded']

test('a few properties of many datasets take one process, and missing ones are left out', async () => {
  const datasets = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`zroot/d${index}`, {}]))
  const host = fakeFreeBSD({ datasets })
  const names = [...Object.keys(datasets), 'zroot/none']
  const found = await readSelected(host, names, PROPERTIES)
  expect(found.size).toBe(400)
  expect(found.get('zroot/d7')?.get('type')).toEqual({ value: 'filesystem', source: '-' })
  expect(host.counts).toEqual({ zfs: 1 })
})

test('what is set above a dataset is not its own', async () => {
  const host = fakeFreeBSD({ datasets: { 'zroot/a': { 'bluejail:seeded': 'yes' }, 'zroot/a/b': {} } })
  const found = await readSelected(host, ['zroot/a', 'zroot/a/b'], PROPERTIES)
  const own = (name: string) => ownValue(found.get(name) ?? new Map(), 'bluejail:seeded')
  expect(own('zroot/a')).toBe('yes')
  expect(own('zroot/a/b')).toBeUndefined()
})

test('no datasets, no process', async () => {
  const host = fakeFreeBSD()
  expect(await readSelected(host, [], PROPERTIES)).toEqual(new Map())
  expect(host.counts).toEqual({})
})

describe('what cannot be believed', () => {
  const rows = 'zroot/a\ttype\tfilesystem\t-\nzroot/a\tbluejail:seeded\t'
  test.each([
    ['too little', 'zroot/a\ttype\tfilesystem\t-\n'],
    ['a value that imitates a row', `${rows}x\tlocal\nzroot/a\tbluejail:seeded\tyes\tlocal\n`],
  ])('%s', async (_what, stdout) => {
    const talk = machineThatSays(() => ({ stdout }))
    await expect(readSelected(talk, ['zroot/a'], PROPERTIES)).rejects.toThrow(/cannot read/)
  })

  test('another complaint', async () => {
    const talk = machineThatSays(() => ({ exit: 1, stderr: 'internal error: out of memory\n' }))
    await expect(readSelected(talk, ['zroot/a'], PROPERTIES)).rejects.toThrow(/out of memory/)
  })
})
