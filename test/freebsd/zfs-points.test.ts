/** What is read of snapshots and bookmarks in great numbers: that some are gone meanwhile is no fault, and all else is one. */
import { expect, test } from 'vitest'
import { listBookmarks, readCreations, readHeld } from '../../modules/freebsd/zfs-points.ts'
import { machineThatSays } from './zfs-transcript.ts'

const READERS = [
  ['bookmarks', listBookmarks, 'p/a#m\t5\t100\n', new Map([['p/a', [{ name: 'm', guid: '5', creation: 100 }]]])],
  ['times', readCreations, 'p/a@s\t100\n', new Map([['p/a@s', 100]])],
  ['holds', readHeld, 'p/a@s\t2\np/a@t\t0\n', ['p/a@s']],
] as const

test.each(READERS)('%s: what is gone is left out', async (_, read, stdout, found) => {
  const gone = "cannot open 'p/b': dataset does not exist\ncannot open 'p/a#x': no such pool or dataset\n"
  const machine = machineThatSays(() => ({ exit: 1, stdout, stderr: gone }))
  expect(await read(machine, ['p/a', 'p/b'])).toEqual(found)
})

// Taken for "there are none", a pool that does not answer would cost replicas the snapshots they wait for.
test.each(READERS)('%s: any other complaint is a failure, though something was told', async (_, read, stdout) => {
  const ailing = "cannot open 'p/b': dataset does not exist\ncannot iterate filesystems: I/O error\n"
  for (const stderr of [ailing, ''])
    await expect(
      read(
        machineThatSays(() => ({ exit: 1, stdout, stderr })),
        ['p/a', 'p/b'],
      ),
    ).rejects.toThrow(/failed with exit status 1/)
})

test.each(READERS)('%s: a line that cannot be read is a failure', async (_, read) => {
  await expect(
    read(
      machineThatSays(() => ({ stdout: 'p/a\n' })),
      ['p/a'],
    ),
  ).rejects.toThrow(/cannot read/)
})
