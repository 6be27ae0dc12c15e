import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { LinkInTheWay } from '../../modules/core/errors.ts'
import { change, digestOf, listNames, readText, statusOf } from '../../modules/core/files.ts'

/** An instance's root as the customer left it: `etc/rc.d` and `etc/file` are links to what is the host's. */
let root = ''
let victim = ''
beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), 'files-'))
  root = join(directory, 'root')
  victim = join(directory, 'victim')
  mkdirSync(join(root, 'etc'), { recursive: true })
  mkdirSync(victim)
  writeFileSync(join(victim, 'passwd'), 'host')
  symlinkSync(victim, join(root, 'etc/rc.d'))
  symlinkSync(join(victim, 'passwd'), join(root, 'etc/file'))
})
const unharmed = () =>
  expect([readdirSync(victim), readFileSync(join(victim, 'passwd'), 'utf8')]).toEqual([['passwd'], 'host'])

test.each([
  ['write', { kind: 'write', content: 'x' }, 'etc/rc.d/passwd'],
  ['write over a link', { kind: 'write', content: 'x' }, 'etc/file'],
  ['remove', { kind: 'remove' }, 'etc/rc.d/passwd'],
  ['make a directory', { kind: 'directory', mode: 0o755 }, 'etc/rc.d/new'],
  ['change a mode', { kind: 'mode', mode: 0o777 }, 'etc/rc.d'],
] as const)('mount-3 no link inside an instance is followed to %s', async (_what, step, path) => {
  const there = { ...step, path: join(root, path), beneath: root }
  await expect(change(there)).rejects.toThrow(LinkInTheWay)
  await expect(change(there)).rejects.toThrow(
    /is a symbolic link, and nothing on the host follows links inside an instance/,
  )
  unharmed()
})

test('mount-3 nor to read or list what it points to', async () => {
  await expect(readText(join(root, 'etc/rc.d/passwd'), root)).rejects.toThrow(LinkInTheWay)
  await expect(readText(join(root, 'etc/file'), root)).rejects.toThrow(LinkInTheWay)
  await expect(listNames(join(root, 'etc/rc.d'), root)).rejects.toThrow(LinkInTheWay)
  await expect(digestOf(join(root, 'etc/file'), root)).rejects.toThrow(LinkInTheWay)
  expect(await statusOf(join(root, 'etc/rc.d/passwd'), root)).toMatchObject({
    at: join(root, 'etc/rc.d'),
    type: 'link',
  })
})

test('a path that leaves the instance is a bug of ours', async () => {
  await expect(readText(join(root, '../victim/passwd'), root)).rejects.toThrow(TypeError)
})

test('writing replaces the whole file and keeps its mode; nothing else stays behind', async () => {
  const path = join(root, 'etc/hosts')
  await change({ kind: 'write', path, content: 'one', beneath: root })
  expect(statSync(path).mode & 0o777).toBe(0o644)
  chmodSync(path, 0o600)
  await change({ kind: 'write', path, content: 'two', beneath: root })
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['two', 0o600])
  expect(readdirSync(join(root, 'etc')).sort()).toEqual(['file', 'hosts', 'rc.d'])
})

test('directories get exactly their mode; removing takes files and empty directories only', async () => {
  const path = join(root, 'etc/new')
  await change({ kind: 'directory', path, mode: 0o1777, beneath: root })
  expect(statSync(path).mode & 0o7777).toBe(0o1777)
  await change({ kind: 'write', path: join(path, 'file'), content: '' })
  await expect(change({ kind: 'remove', path })).rejects.toThrow(/ENOTEMPTY/)
  await change({ kind: 'remove', path: join(path, 'file') })
  await change({ kind: 'remove', path })
  expect(existsSync(path)).toBe(false)
})

test('a move puts one thing in the place of another', async () => {
  writeFileSync(join(root, 'fstab.next'), 'new')
  writeFileSync(join(root, 'fstab'), 'old')
  await change({ kind: 'move', from: join(root, 'fstab.next'), to: join(root, 'fstab') })
  expect(readFileSync(join(root, 'fstab'), 'utf8')).toBe('new')
})

test('what is listed is sorted, and what is missing is undefined', async () => {
  expect(await listNames(join(root, 'etc'), root)).toEqual(['file', 'rc.d'])
  expect(await listNames(join(root, 'none'), root)).toBeUndefined()
  expect(await readText(join(root, 'none/at/all'), root)).toBeUndefined()
})

test('of a directory only so many names are read, and of a file only its digest is kept', async () => {
  expect(await listNames(join(root, 'etc'), root, 1)).toHaveLength(1)
  expect(await listNames(join(root, 'etc'), root, 9)).toEqual(['file', 'rc.d'])
  const path = join(root, 'etc/large')
  writeFileSync(path, 'x')
  truncateSync(path, 3 << 20)
  const bytes = readFileSync(path)
  expect(await digestOf(path, root)).toBe(createHash('sha256').update(bytes).digest('hex'))
  expect(await statusOf(path, root)).toMatchObject({ type: 'file', bytes: bytes.length })
  expect(await statusOf(join(root, 'etc'), root)).not.toHaveProperty('bytes')
  expect(await digestOf(join(root, 'etc/none'), root)).toBeUndefined()
})

test('a file that cannot be written whole is not there, and nothing is left beside it', async () => {
  const step = { kind: 'write', path: join(root, 'etc/hosts'), content: 'one', uid: -5 } as const
  await expect(change(step)).rejects.toThrow()
  expect(readdirSync(join(root, 'etc')).sort()).toEqual(['file', 'rc.d'])
})

test('a link can go where that is meant, and be renamed; what it points to stays, and no link on the way is followed', async () => {
  const at = (path: string) => join(root, path)
  await change({ kind: 'move', from: at('etc/file'), to: at('etc/aside'), beneath: at('etc') })
  await change({ kind: 'remove', path: at('etc/aside'), beneath: at('etc'), mayBeLink: true })
  expect(await statusOf(at('etc/aside'), root)).toBeUndefined()
  unharmed()
  const beyond = { kind: 'remove', path: at('etc/rc.d/passwd'), beneath: root, mayBeLink: true } as const
  await expect(change(beyond)).rejects.toThrow(LinkInTheWay)
  const across = { kind: 'move', from: at('etc/rc.d/passwd'), to: at('etc/stolen'), beneath: root } as const
  await expect(change(across)).rejects.toThrow(LinkInTheWay)
  unharmed()
})

test('several files of a directory are written side by side, and nothing is left beside them', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `${index}.conf`)
  const folder = join(root, 'etc/conf.d')
  mkdirSync(folder)
  await Promise.all(names.map(name => change({ kind: 'write', path: join(folder, name), content: name })))
  expect(readdirSync(folder).sort()).toEqual([...names].sort())
  for (const name of names) expect(readFileSync(join(folder, name), 'utf8')).toBe(name)
})
