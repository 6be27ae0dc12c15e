/** A customer who fills his files with as much as he likes: neither memory nor time of the host goes by that. */
import { expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import {
  BLUEPRINT,
  fileOf,
  foretold,
  NEXT,
  ROOT,
  runsOn,
  seal,
  switched,
  switchHost,
  TO,
  unseal,
} from '../support/switch-host.ts'

const FILES = 100

/** Both blueprints have them, and so has the instance: three different ones each. */
async function withFiles(): Promise<FakeHost> {
  const host = await switchHost()
  for (const name of [BLUEPRINT, NEXT]) {
    unseal(host, name)
    for (let file = 0; file < FILES; file++)
      host.tree.write(`/hosting/blueprints/${name}/usr/local/etc/own${file}.conf`, `of ${name}\n`)
    await seal(host, name)
  }
  for (let file = 0; file < FILES; file++) host.tree.write(`${ROOT}/usr/local/etc/own${file}.conf`, 'mine\n')
  return host
}

/** Files of instances have so many bytes, though nobody has to have them: holes cost nothing. */
function withHoles(host: FakeHost, bytes: number) {
  let [held, most] = [0, 0]
  const read: string[] = []
  const isOwn = (path: string) => path.includes('/seed/') && /own\d+\.conf/.test(path)
  const counted: FakeHost = {
    ...host,
    async status(path, beneath) {
      const status = await host.status(path, beneath)
      return status?.type === 'file' && isOwn(path) ? { ...status, bytes } : status
    },
    async digest(path, beneath) {
      if (!isOwn(path)) return host.digest(path, beneath)
      read.push(path)
      held += 1
      most = Math.max(most, held)
      await new Promise(resolve => setImmediate(resolve))
      held -= 1
      return 'f'.repeat(64)
    },
    async bytes(path, limit, beneath) {
      if (!isOwn(path)) return host.bytes(path, limit, beneath)
      expect(limit).toBeLessThanOrEqual(512 * 1024)
      return bytes > limit ? 'too large' : Buffer.alloc(bytes, '#\n')
    },
  }
  return { host: counted, read, most: () => most }
}

test.each([
  ['the larger ones are not read at all', 65 << 20, 0],
  ['of others no more than so many bytes', 60 << 20, 8],
  ['small ones all', 1 << 10, FILES],
])('%s', async (_title, bytes, count) => {
  const { host, read, most } = withHoles(await withFiles(), bytes)
  const report = await switched(host, TO)
  expect(read).toHaveLength(count)
  expect(most()).toBeLessThanOrEqual(32)
  expect(runsOn(host, 'web1')).toBe(NEXT)
  // What was not read counts as the customer's.
  const kept = report.state.instances.web1?.merge?.conflicts ?? []
  expect(kept.filter(words => /own\d+\.conf: /.test(words))).toHaveLength(FILES)
})

test('many files that could each be merged are held only up to a bound', async () => {
  const host = await withFiles()
  let held = 0
  const counted: FakeHost = {
    ...host,
    async bytes(path, limit, beneath) {
      if (!/seed.*own\d+\.conf/.test(path)) return host.bytes(path, limit, beneath)
      held += 512 * 1024
      return Buffer.alloc(512 * 1024, '#\n')
    },
    async status(path, beneath) {
      const status = await host.status(path, beneath)
      return status?.type === 'file' && /seed.*own\d+\.conf/.test(path) ? { ...status, bytes: 512 * 1024 } : status
    },
    digest: async (path, beneath) => (/own\d+\.conf/.test(path) ? '0'.repeat(64) : host.digest(path, beneath)),
  }
  await switched(counted, TO)
  expect(held).toBe(32 << 20)
})

test('one who lets nobody look into his running instance is updated all the same, and that is told', async () => {
  const host = await switchHost()
  host.tree.write(`${ROOT}/usr/local/etc/php.ini`, 'memory = 64\n')
  host.machine.fault({
    program: 'jexec',
    when: args => args.includes('tar'),
    kind: 'exit',
    stderr: 'tar: no\n',
    exit: 2,
  })
  const plan = await foretold(host, TO)
  expect(plan.warnings).toHaveLength(1)
  expect(plan.warnings[0]).toMatch(
    /^web1 cannot be looked into \('jexec web1 tar .*' failed with exit status 2: tar: no\), so what its customer changed is seen only once its files are at hand\.$/,
  )
  await switched(host, TO)
  expect(runsOn(host, 'web1')).toBe(NEXT)
  expect(fileOf(host, 'web1', 'usr/local/etc/php.ini')).toBe('memory = 64\n')
})

test('a directory with very many names counts as one that is not empty', async () => {
  const host = await switchHost()
  unseal(host, BLUEPRINT)
  host.tree.mkdir(`/hosting/blueprints/${BLUEPRINT}/etc/going.d`)
  await seal(host, BLUEPRINT)
  host.tree.mkdir(`${ROOT}/etc/going.d`)
  const asked: (number | undefined)[] = []
  const crowded: FakeHost = {
    ...host,
    async list(path, beneath, most) {
      if (!path.endsWith('/going.d')) return host.list(path, beneath, most)
      asked.push(most)
      return Array.from({ length: most ?? 0 }, (_, index) => `${index}`)
    },
  }
  const { state } = await switched(crowded, TO)
  expect(asked).toEqual([10_000])
  expect(state.instances.web1?.merge?.kept).toEqual(['etc/going.d'])
})
