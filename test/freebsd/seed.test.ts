import { expect, test } from 'vitest'
import { describeStep } from '../../modules/core/step.ts'
import { copyTree, touchFile } from '../../modules/freebsd/seed.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

function hostWithTree() {
  const host = fakeFreeBSD()
  const { tree } = host
  for (const path of ['/from/db/pkg', '/from/other/db', '/from/empty', '/to']) tree.mkdir(path)
  tree.write('/from/a', 'text', 0o4711)
  tree.chown('/from/a', 88, 99)
  tree.files.link('/from/a', '/from/b')
  tree.symlink('/from/l', '/nowhere')
  tree.write('/from/db/pkg/x', 'hidden')
  tree.write('/from/other/db/x', 'kept')
  tree.files.setFlags('/from/other/db/x', ['schg'])
  tree.files.setFlags('/from/empty', ['schg'])
  tree.chmod('/from', 0o711)
  tree.chmod('/from/db', 0o750)
  return host
}

test('live-12, host-7: owners, modes, flags, and hard links are kept; the root takes over its own too', async () => {
  const host = hostWithTree()
  await host.perform(copyTree('/from', '/to'))
  const { files } = host.tree
  expect(files.status('/to/a')).toMatchObject({ mode: 0o4711, uid: 88, gid: 99, links: 2 })
  expect(files.status('/to/a')?.identity).toBe(files.status('/to/b')?.identity)
  expect(files.status('/to/a')?.identity).not.toBe(files.status('/from/a')?.identity)
  expect(files.target('/to/l')).toBe('/nowhere')
  expect(files.status('/to/empty')).toMatchObject({ type: 'directory', flags: ['schg'] })
  expect(files.status('/to')).toMatchObject({ mode: 0o711 })
})

test('of a directory that something else is mounted on, only the directory comes along', async () => {
  const host = hostWithTree()
  await host.perform(copyTree('/from', '/to', ['db']))
  const { files } = host.tree
  expect(files.status('/to/db')).toMatchObject({ type: 'directory', mode: 0o750 })
  expect(files.list('/to/db')).toEqual([])
  expect(files.bytes('/to/other/db/x')?.toString()).toBe('kept')
})

test('what an interrupted copy has left is replaced, though it cannot be changed', async () => {
  const host = hostWithTree()
  await host.perform(copyTree('/from', '/to'))
  host.tree.files.setFlags('/to/other/db/x', [])
  host.tree.write('/to/other/db/x', 'ke')
  host.tree.files.setFlags('/to/other/db/x', ['schg'])
  await host.perform(copyTree('/from', '/to'))
  expect(host.tree.files.bytes('/to/other/db/x')?.toString()).toBe('kept')
})

test('a name with characters of patterns stands for itself', () => {
  expect(describeStep(copyTree('/from', '/to', ['a[1]*']))).toContain(String.raw`'^./a\[1\]\*/?*'`)
})

test('a mount point for a file is made, and one that is there keeps its content', async () => {
  const host = hostWithTree()
  host.tree.chmod('/from/a', 0o644)
  for (const path of ['/to/new', '/from/a']) await host.perform(touchFile(path))
  expect(host.tree.files.bytes('/to/new')).toHaveLength(0)
  expect(host.tree.files.bytes('/from/a')?.toString()).toBe('text')
})
