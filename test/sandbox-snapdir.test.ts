/** `.zfs/snapshot` of a sandbox host: read-only, through every mount, and never content of its dataset. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from './sandbox/sandbox.ts'

const directory = mkdtempSync(join(tmpdir(), 'sandbox-snapdir-'))
let host: Sandbox

beforeAll(async () => {
  host = await startSandbox({ name: 'test1', directory })
  await must('zfs create -o mountpoint=/data zroot/data; echo first > /data/file; chmod 750 /data')
})
afterAll(async () => {
  await host.stop()
  rmSync(directory, { recursive: true })
})

/** What it printed; it must not fail. */
async function must(command: string): Promise<string> {
  const { exit, stdout, stderr } = await host.run(`set -e; ${command}`)
  if (exit !== 0) throw new Error(`${command}: ${stderr}`)
  return stdout.trim()
}
const refusal = async (command: string) => (await host.run(command)).stderr

test('shows what was there when the snapshot was taken, through nullfs too, and cannot be written to', async () => {
  await must('mkdir /seen /sealed; mount -t nullfs /data /seen; mount -t nullfs -o ro /data /sealed')
  await must('zfs snapshot zroot/data@one; echo second > /data/file; zfs snapshot zroot/data@two')
  expect(await must('cd /data/.zfs/snapshot; ls; cat one/file two/file')).toBe('one\ntwo\nfirst\nsecond')
  expect(await must('cat /seen/.zfs/snapshot/one/file /sealed/.zfs/snapshot/one/file')).toBe('first\nfirst')
  for (const place of ['/data', '/seen', '/sealed']) {
    expect(await refusal(`echo x > ${place}/.zfs/snapshot/one/file`)).toContain('Read-only file system')
    expect(await refusal(`rm -r ${place}/.zfs`)).toContain('Read-only file system')
  }
  expect(await must('echo third > /data/file; cat /seen/file')).toBe('third')
})

test('is no content: not listed, packed, counted, copied or compared', async () => {
  expect(await must(`node -p 'JSON.stringify(fs.readdirSync("/data"))'`)).toBe('["file"]')
  expect(
    await must(`node -e 'require("node:fs/promises").readdir("/data").then(names => console.log(String(names)))'`),
  ).toBe('file')
  expect(await must('tar -cf - -C /data . | tar -tf -')).toBe('./\n./file')
  expect(await must('mtree -c -p /data -k type | grep -c zfs || true')).toBe('0')
  await must('head -c 100000 /dev/zero > /data/large; zfs snapshot zroot/data@three; rm /data/large')
  expect(Number(await must('zfs get -Hp -o value referenced zroot/data'))).toBeLessThan(100_000)
  expect(await must('ls -A /data/.zfs/snapshot/three; zfs get -Hp -o value written zroot/data@three')).toMatch(
    /^file\nlarge\n\d+$/,
  )
  await must('zfs snapshot zroot/data@four')
  expect(await must('zfs get -Hp -o value written zroot/data')).toBe('0')
  await must('zfs clone -o mountpoint=/copy zroot/data@four zroot/copy')
  expect(await must('ls -A /copy; stat -c %a /copy; cat /copy/file')).toBe('file\n750\nthird')
})

test('follows renames, promotions and rollbacks, and goes with the snapshot', async () => {
  await must('zfs rename zroot/data@one zroot/data@uno; zfs promote zroot/copy')
  expect(await must('cat /copy/.zfs/snapshot/uno/file; ls /copy/.zfs/snapshot')).toBe('first\nfour\nthree\ntwo\nuno')
  expect(await must('ls -A /data /seen')).toBe('/data:\nfile\n\n/seen:\nfile')
  await must('zfs promote zroot/data; zfs destroy zroot/copy; zfs rollback -r zroot/data@three')
  expect(await must('ls /data; ls /data/.zfs/snapshot')).toBe('file\nlarge\nthree\ntwo\nuno')
  await must('zfs destroy zroot/data@two')
  expect(await must('ls /seen/.zfs/snapshot')).toBe('three\nuno')
  await must('zfs destroy zroot/data@%')
  expect(await must('ls -A /data')).toBe('file\nlarge')
})

test('does not keep its dataset busy, and comes back with it', async () => {
  await must('zfs snapshot zroot/data@kept; umount /seen; umount /sealed')
  expect((await host.run('cd /data/.zfs/snapshot/kept && umount /data')).stderr).toContain('busy')
  expect(await refusal('echo x > /data/.zfs/snapshot/kept/file')).toContain('Read-only file system')
  expect(
    await must('zfs unmount zroot/data; ls -A /data; zfs mount zroot/data; cat /data/.zfs/snapshot/kept/file'),
  ).toBe('third')
  await host.powerCut()
  await host.boot()
  expect(await must('cat /data/.zfs/snapshot/kept/file')).toBe('third')
  expect(await refusal('touch /data/.zfs/snapshot/kept/x')).toContain('Read-only file system')
  expect(await must('zfs destroy -r zroot/data; ls -A /data')).toBe('')
})
