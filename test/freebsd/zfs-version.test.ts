/** Which OpenZFS a host has. */
import { expect, test } from 'vitest'
import { isAtLeast, readZfsVersion } from '../../modules/freebsd/zfs-version.ts'
import { machineThatSays } from './zfs-transcript.ts'

test.each([
  // 06-batch.jsonl
  ['zfs-2.2.6-FreeBSD_g33174af15\nzfs-kmod-2.2.6-FreeBSD_g33174af15\n', [2, 2, 6]],
  // openzfs issue 18169, of FreeBSD 15.0
  ['zfs-2.4.0-rc4-FreeBSD_g099f69ff5\nzfs-kmod-2.4.0-rc4-FreeBSD_g099f69ff5\n', [2, 4, 0]],
  ['zfs-2.4.0-1\nzfs-kmod-2.3.2-2~bpo12+2\n', [2, 3, 2]],
])('%j', async (stdout, version) => {
  expect(await readZfsVersion(machineThatSays(() => ({ stdout })))).toEqual(version)
})

test('one that says none is not guessed', async () => {
  await expect(readZfsVersion(machineThatSays(() => ({ stdout: 'zfs-2.2.6\n' })))).rejects.toThrow(/cannot read/)
})

test('numbers count from the left', () => {
  const least = [2, 3, 2] as const
  for (const version of [
    [2, 3, 2],
    [2, 3, 10],
    [2, 4, 0],
    [3, 0, 0],
  ] as const)
    expect(isAtLeast(version, least)).toBe(true)
  for (const version of [
    [2, 3, 1],
    [2, 2, 9],
    [1, 9, 9],
    [0, 0, 0],
  ] as const)
    expect(isAtLeast(version, least)).toBe(false)
})
