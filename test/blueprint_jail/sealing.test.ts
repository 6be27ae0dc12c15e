/** What must be so before a blueprint is sealed: nothing can be put right in it afterwards. */
import { describe, expect, test } from 'vitest'
import { publish, siteOf } from '../imitation/web.ts'
import { applied, bare, checked, datasetsOf, hostingHost, refusal } from '../support/blueprint-host.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { PACKAGES, type Packages, packageSite, trigger } from '../support/package-site.ts'

const root = '/hosting/blueprints/2026Q4-php83'
const repository = { url: 'http://pkg.example.net', signature_type: 'none' }
const web = { ...bare, name: '2026Q4-php83', packages: ['nginx', 'php83'], repository }

function offering(files: Record<string, Buffer>): FakeHost {
  const host = hostingHost()
  const paths = Object.entries(files).map(([path, content]) => [`/${path}`, content] as const)
  publish(host.machine, repository.url, siteOf(Object.fromEntries(paths)))
  return host
}

describe('triggers, which pkg puts off where it installs into another root', () => {
  const CACHE = 'usr/local/share/icons/cache'
  const withTrigger = (script: string, sandbox = false): Packages => ({
    icons: { version: '1', files: { '/usr/local/share/icons/a.png': '' }, needs: ['cacher'] },
    cacher: {
      version: '1',
      files: { '/usr/local/share/pkg/triggers/cacher.ucl': trigger('/usr/local/share/icons', script, sandbox) },
    },
  })
  const icons = { ...web, packages: ['icons'] }

  test('are run before it is sealed, in a chroot, while it has devices', async () => {
    const host = offering(packageSite(withTrigger(`pkg.exec({"/usr/bin/touch", "/${CACHE}"})`)))
    const foretold = await checked(host, icons)
    const { steps } = await applied(host, icons)
    expect(steps).toEqual(foretold.steps)
    const at = steps.indexOf('pkg -c /hosting/build/2026Q4-php83 triggers')
    expect(steps[at - 1]).toMatch(/ install -U -y icons$/)
    expect(steps[at + 1]).toMatch(/^umount /)
    expect(host.tree.read(`${root}/${CACHE}`)).toBe('')
    expect(host.tree.read(`/${CACHE}`)).toBeUndefined()
    expect(host.tree.list(`${root}/var/db/pkg/triggers`)).toEqual([])
  })

  test('that need no program are run by pkg itself', async () => {
    const host = offering(packageSite(withTrigger('print("done")', true)))
    await applied(host, icons)
    expect(host.tree.list(`${root}/var/db/pkg`)).toEqual(['local.sqlite', 'repos'])
  })

  test('that fail are a failure, though pkg exits 0', async () => {
    const host = offering(packageSite(withTrigger('error("no cache")')))
    expect(await refusal(host, icons)).toMatch(/\(a trigger\) has failed.*no cache/)
    expect(datasetsOf(host)).not.toContain(`blueprints/${web.name}`)
  })

  test('that are still there when it is to be sealed are a failure too', async () => {
    const host = offering(packageSite(withTrigger('print("done")')))
    host.machine.faults.push({ program: 'pkg', when: args => args.includes('triggers'), kind: 'exit', exit: 0 })
    expect(await refusal(host, icons)).toMatch(/\/var\/db\/pkg\/triggers\/\w+ is what a package was to run/)
    expect(datasetsOf(host)).toEqual(['blueprints', 'build', 'instances'])
  })
})

describe('the package database is closed, or there is no blueprint [pkg-6]', () => {
  const answering = (stdout: string) => {
    const host = offering(packageSite(PACKAGES))
    host.machine.faults.push({ program: 'pkg', when: args => args.includes('shell'), kind: 'exit', exit: 0, stdout })
    return host
  }

  test('what pkg shell prints is believed, and not its exit status', async () => {
    const host = answering('1|2|0\nwal\n')
    expect(await refusal(host, web)).toMatch(
      /local\.sqlite cannot be closed\. See who has it open.*said: 1\|2\|0 \/ wal/,
    )
    expect(datasetsOf(host)).not.toContain(`blueprints/${web.name}`)
    host.machine.faults.length = 0
    await applied(host, web)
  })

  test('and what is left beside it more than that', async () => {
    const host = answering('0|0|0\ndelete\n')
    expect(await refusal(host, web)).toMatch(/local\.sqlite-(shm|wal) shows that the package database was not closed/)
    expect(datasetsOf(host)).toEqual(['blueprints', 'build', 'instances'])
  })
})

describe('what all instances would share is not sealed', () => {
  test.each([
    'etc/ssh/ssh_host_ed25519_key',
    'etc/ssh/ssh_host_rsa_key.pub',
    'usr/local/etc/ssh/ssh_host_rsa_key',
    'etc/hostid',
    'etc/machine-id',
  ])('%s: refused with the way out, and nothing half-built stays', async path => {
    const host = hostingHost()
    const making = {
      ...bare,
      commands: [
        ['mkdir', '-p', '/usr/local/etc/ssh'],
        ['touch', `/${path}`],
      ],
    }
    expect(await refusal(host, making)).toMatch(
      new RegExp(
        `^2026Q4-bare: /${path} is .*all instances would have the same\\. .*remove it: \\[rm, -f, /${path}\\]`,
      ),
    )
    expect(datasetsOf(host)).toEqual(['blueprints', 'build', 'instances'])
    await applied(host, bare)
  })

  test('what only looks like it is', async () => {
    const host = hostingHost()
    const files = ['etc/ssh/ssh_host_note', 'etc/ssh/ssh_config', 'root/etc/hostid'].map(path => ({
      path,
      content: '',
    }))
    await applied(host, { ...bare, files })
    expect(datasetsOf(host)).toContain('blueprints/2026Q4-bare@complete')
  })
})
