/** Accounts and databases of an instance: merged by record, made anew, put back; and no hash is ever shown. */
import { expect, test } from 'vitest'
import { clock, fileOf, foretold, NEXT, ROOT, seal, switched, switchHost, unseal } from '../support/switch-host.ts'

const ROOT_LINE = 'root:*:0:0::0:0::/root:/bin/sh\n'
const HASH = '$6$salt$0123456789abcdef'

test('a new system user of the blueprint comes, the customer’s users and passwords stay, there and back', async () => {
  const host = await switchHost()
  const blueprint = `/hosting/blueprints/${NEXT}`
  unseal(host, NEXT)
  host.tree.write(
    `${blueprint}/etc/master.passwd`,
    `${ROOT_LINE}redis:*:535:535::0:0:Redis:/nonexistent:/usr/sbin/nologin\n`,
    0o600,
  )
  host.tree.write(`${blueprint}/etc/login.conf`, 'default:\\\n\t:path=/bin:\n')
  await seal(host, NEXT)
  const own = `${ROOT_LINE.replace('*', HASH)}anna:${HASH}:1001:1001::0:0:Anna:/home/anna:/bin/sh\n`
  host.tree.write(`${ROOT}/etc/master.passwd`, own)
  host.tree.write('/victim', 'precious\n')
  host.tree.symlink(`${ROOT}/etc/login.conf.db`, '/victim')

  const plan = await foretold(host, { id: 'web1', blueprint: NEXT })
  const report = await switched(host, { id: 'web1', blueprint: NEXT })
  expect(report.steps).toEqual(plan.steps)
  expect(JSON.stringify([plan, report])).not.toContain(HASH)
  const merged = fileOf(host, 'web1', 'etc/master.passwd') ?? ''
  expect(merged).toContain(`root:${HASH}:0:0:`)
  expect(merged).toContain(`anna:${HASH}:1001:`)
  expect(merged).toContain('redis:*:535:')
  expect(fileOf(host, 'web1', 'etc/passwd')).toContain('redis:*:535:')
  expect(host.tree.lstat(`${ROOT}/etc/master.passwd`)?.mode).toBe(0o600)
  expect(host.tree.lstat(`${ROOT}/etc/login.conf.db`)?.type).toBe('file')
  expect(host.tree.read('/victim')).toBe('precious\n')
  expect(host.tree.read('/hosting/instances/web1/switch.json')).not.toContain(HASH)

  await switched(host, { id: 'web1', state: 'rolled_back' }, clock('2026-11-23T12:00:00Z'))
  expect(fileOf(host, 'web1', 'etc/master.passwd')).toBe(own)
  expect(fileOf(host, 'web1', 'etc/passwd')).toBeUndefined()
  expect(host.tree.lstat(`${ROOT}/etc/login.conf.db`)?.type).toBe('link')
  expect(host.tree.read('/victim')).toBe('precious\n')
})
