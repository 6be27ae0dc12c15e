/** Packages in a blueprint: from where, checked by whom, and what pkg leaves behind. */
import { beforeAll, describe, expect, test } from 'vitest'
import { PowerCut } from '../imitation/faults.ts'
import { publish, siteOf } from '../imitation/web.ts'
import {
  applied,
  BASE,
  bare,
  checked,
  datasetsOf,
  hostingHost,
  manifestOf,
  property,
  refusal,
} from '../support/blueprint-host.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { fingerprintOf, newKey, PACKAGES, type Packages, packageSite, publicKeyOf } from '../support/package-site.ts'

const URL_OF_SITE = 'http://pkg.example.net/2026Q4'
const key = newKey()
const fingerprint = fingerprintOf(publicKeyOf(key))
const signed = { url: URL_OF_SITE, fingerprints: [fingerprint] }
const web = { ...bare, name: '2026Q4-php83', packages: ['nginx', 'php83'], repository: signed }
const root = '/hosting/blueprints/2026Q4-php83'

let site: Record<string, Buffer>
beforeAll(() => {
  site = packageSite(PACKAGES, { signing: { type: 'fingerprints', privateKey: key } })
})

const offering = (files: Record<string, Buffer>, host: FakeHost = hostingHost()) => {
  const paths = Object.fromEntries(Object.entries(files).map(([path, content]) => [`/2026Q4/${path}`, content]))
  publish(host.machine, 'http://pkg.example.net', siteOf(paths))
  return host
}

const unsigned = (packages: Packages, abi?: string) => packageSite(packages, abi === undefined ? {} : { abi })
const trusting = { url: URL_OF_SITE, signature_type: 'none' }

describe('packages are installed', () => {
  test('with what they need, and listed in the manifest with version, origin and size [pkg-4]', async () => {
    const host = offering(site)
    const { state } = await applied(host, web)
    expect(manifestOf(host, web.name)).toMatchObject({
      requested: ['nginx', 'php83'],
      packages: [
        { name: 'libxml2', version: '2.11.9', origin: 'devel/libxml2', automatic: true },
        { name: 'nginx', version: '1.26.2,3', origin: 'devel/nginx', automatic: false, bytes: 20 },
        { name: 'pcre2', version: '10.43', origin: 'devel/pcre2', automatic: true },
        { name: 'php83', version: '8.3.14', origin: 'devel/php83', automatic: false },
      ],
      totals: { packages: 4, bytes: 80 },
    })
    expect(state).toMatchObject({
      blueprints: { [web.name]: { packages: ['libxml2-2.11.9', 'nginx-1.26.2,3', 'pcre2-10.43', 'php83-8.3.14'] } },
    })
    expect(host.tree.lstat(`${root}/usr/local/etc/rc.d/nginx`)?.mode).toBe(0o555)
  })

  test('into a tree that has never seen pkg, by a configuration of our own: the host has none of it [pkg-2]', async () => {
    const host = offering(site)
    await applied(host, web)
    const commands = host.performed.flatMap(step =>
      step.kind === 'run' && step.command[0] === 'pkg' ? [step.command] : [],
    )
    expect(commands.length).toBeGreaterThan(0)
    expect(commands.filter(words => !words.includes('-r') && !words.includes('-c'))).toEqual([])
    for (const path of ['/var/db/pkg', '/usr/local/etc/pkg', '/etc/pkg', '/var/cache/pkg'])
      expect(host.tree.lstat(path), path).toBeUndefined()
  })

  test('of several blueprints, with packages and without, check mode foretells the steps in their order', async () => {
    const { name: _, packages: __, ...common } = web
    const blueprints = [
      { name: web.name, packages: web.packages },
      { name: '2026Q4-bare' },
      { name: '2026Q4-web', packages: ['nginx'] },
    ]
    const foretold = await checked(offering(site), { ...common, blueprints })
    const done = await applied(offering(site), { ...common, blueprints })
    expect(done.steps).toEqual(foretold.steps)
  })

  test('the database is closed: nothing that a read-only mount would lack is beside it [pkg-6]', async () => {
    const host = offering(site)
    await applied(host, web)
    expect(host.tree.list(`${root}/var/db/pkg`)).toEqual(['local.sqlite', 'repos'])
    expect(host.outside('pkg', '-r', root, 'query', '%n')).toMatchObject({ exit: 0, stderr: '' })
    expect(host.tree.list(`${root}/var/db/pkg`)).toEqual(['local.sqlite', 'repos'])
  })

  test('a blueprint without packages has no database, and pkg is not asked about it [pkg-7]', async () => {
    const host = hostingHost()
    await applied(host, { ...bare, packages: [] })
    expect(host.counts.pkg ?? 0).toBe(0)
    expect(host.tree.list('/hosting/blueprints/2026Q4-bare/var/db/pkg')).toEqual([])
  })

  test('checking foretells every step, and a second run has none', async () => {
    const host = offering(site)
    const foretold = await checked(host, web)
    const report = await applied(host, web)
    expect(foretold.steps).toEqual(report.steps)
    expect(await applied(host, web)).toMatchObject({ changed: false, state: report.state })
  })

  test('the digest is the same when it is built again', async () => {
    const host = offering(site)
    const first = await applied(host, web)
    await applied(host, { name: web.name, state: 'absent' })
    const second = await applied(host, web)
    expect(second.state).toEqual(first.state)
  })

  test('nothing stays mounted, and nothing half-built stays', async () => {
    const host = offering(site)
    await applied(host, web)
    expect(host.machine.state.mounts.filter(({ fstype }) => fstype === 'devfs')).toEqual([])
    expect(datasetsOf(host)).not.toContain('build/2026Q4-php83')
  })
})

describe('signatures [pkg-1]', () => {
  test('by a public key, given as text or as a path', async () => {
    const host = offering(packageSite(PACKAGES, { signing: { type: 'pubkey', privateKey: key } }))
    host.tree.write('/root/site.pub', publicKeyOf(key))
    await applied(host, { ...web, repository: { url: URL_OF_SITE, pubkey: '/root/site.pub' } })
    await applied(host, { ...web, name: 'b', repository: { url: URL_OF_SITE, pubkey: publicKeyOf(key) } })
    expect(datasetsOf(host)).toContain('blueprints/b@complete')
  })

  test.each([
    ['another key signed it', () => ({ signing: { type: 'fingerprints', privateKey: newKey() } as const }), signed],
    ['nobody signed it', () => ({}), signed],
    [
      'another public key signed it',
      () => ({ signing: { type: 'pubkey', privateKey: newKey() } as const }),
      { url: URL_OF_SITE, pubkey: publicKeyOf(key) },
    ],
  ])('%s: nothing is installed, though pkg exits 0', async (_, how, repository) => {
    const host = offering(packageSite(PACKAGES, how()))
    expect(await refusal(host, { ...web, repository })).toMatch(
      /The repository is not signed with the key or fingerprint/,
    )
    expect(datasetsOf(host)).not.toContain('blueprints/2026Q4-php83')
    expect(host.performed.some(step => step.kind === 'run' && step.command.includes('install'))).toBe(false)
  })

  test('an unsigned one only where that is asked for', async () => {
    const host = offering(unsigned(PACKAGES))
    expect(await refusal(host, { ...web, repository: URL_OF_SITE })).toMatch(/neither fingerprints nor pubkey/)
    await applied(host, { ...web, repository: trusting })
    expect(datasetsOf(host)).toContain('blueprints/2026Q4-php83@complete')
  })
})

describe('what cannot be installed fails with its reason, and leaves nothing half-built', () => {
  test('a name that is in no repository, among others that are [pkg-2]', async () => {
    const host = offering(site)
    expect(await refusal(host, { ...web, packages: ['nginx', 'nosuchpkg'] })).toMatch(
      /2026Q4-php83: The repository has no such package.*matching 'nosuchpkg'/,
    )
    expect(datasetsOf(host)).toEqual(['blueprints', 'build', 'instances'])
  })

  test('a repository that is not there', async () => {
    expect(await refusal(hostingHost(), web)).toMatch(/The repository cannot be read\. Look at its url/)
  })

  test('packages of another ABI [pkg-2]', async () => {
    const host = offering(unsigned(PACKAGES, 'FreeBSD:15:amd64'))
    expect(await refusal(host, { ...web, repository: trusting })).toMatch(/is for another release or architecture/)
  })

  test('packages that need more space than is left: known before they are installed [pkg-3]', async () => {
    const host = offering(
      unsigned({ huge: { version: '1', bytes: 9_000_000 } }),
      hostingHost({ datasets: { 'zroot/hosting': { mountpoint: '/hosting', quota: '8M' } } }),
    )
    expect(await refusal(host, { ...web, packages: ['huge'], repository: trusting })).toMatch(
      /its packages need 8\.6 MiB, and zroot\/hosting\/build\/2026Q4-php83 has .* left/,
    )
    expect(datasetsOf(host)).toEqual(['blueprints', 'build', 'instances'])
  })

  test('one of two: its reason is told, and the next run builds the other', async () => {
    const host = offering(site)
    const other = { ...web, name: 'b' }
    expect(await refusal(host, { blueprints: [{ ...web, packages: ['nosuchpkg'] }, other] })).toMatch(/^2026Q4-php83: /)
    expect(datasetsOf(host)).toEqual(['blueprints', 'build', 'build/b', 'instances'])
    await applied(host, { blueprints: [web, other] })
    expect(datasetsOf(host).filter(name => name.endsWith('@complete'))).toHaveLength(2)
  })

  test('the next run, with the mistake mended, begins anew and ends well', async () => {
    const host = offering(site)
    await refusal(host, { ...web, packages: ['nginx', 'nosuchpkg'] })
    await applied(host, web)
    expect(datasetsOf(host)).toContain('blueprints/2026Q4-php83@complete')
  })
})

describe('a base of packages', () => {
  const basePackages = unsigned({
    'FreeBSD-set-base-jail': { version: '14.2', needs: ['FreeBSD-runtime'] },
    'FreeBSD-runtime': { version: '14.2' },
    'FreeBSD-ssh': { version: '14.2' },
  })
  const pkgbase = { name: 'pkgbase', release: '14.2-RELEASE', pkgbase: trusting }

  test('is made of the set for jails, if nothing else is asked for', async () => {
    const host = offering(basePackages)
    await applied(host, pkgbase)
    expect(manifestOf(host, 'pkgbase')).toMatchObject({
      base: { packages: ['FreeBSD-set-base-jail'] },
      packages: [{ name: 'FreeBSD-runtime' }, { name: 'FreeBSD-set-base-jail' }],
    })
    expect(await applied(host, pkgbase)).toMatchObject({ changed: false })
    expect(host.tree.read('/hosting/blueprints/pkgbase/.blueprint.json')).not.toContain(URL_OF_SITE)
  })

  test('with other packages is refused once it is complete; from a mirror of it, it is the same', async () => {
    const host = offering(basePackages)
    await applied(host, pkgbase)
    expect(
      await applied(host, { ...pkgbase, pkgbase: { ...trusting, url: 'http://mirror.example.net/2026Q4' } }),
    ).toMatchObject({ changed: false })
    const more = { ...trusting, packages: ['FreeBSD-set-base-jail', 'FreeBSD-ssh'] }
    expect(await refusal(host, { ...pkgbase, pkgbase: more })).toMatch(/without the base package FreeBSD-ssh/)
    expect(await refusal(host, { ...pkgbase, pkgbase: undefined, base: BASE })).toMatch(
      /is from packages, not from base.txz/,
    )
  })

  test('that was to have other packages is begun anew, however far it was', async () => {
    const fewer = { ...pkgbase, pkgbase: { ...trusting, packages: ['FreeBSD-runtime'] } }
    const host = offering(basePackages)
    const perform = host.perform
    host.perform = async step => {
      if (step.kind === 'write' && step.path.endsWith('.blueprint.mtree')) throw new PowerCut()
      await perform(step)
    }
    await applied(host, fewer).catch(() => {})
    host.perform = perform
    expect(property(host, 'bluejail:stage', 'zroot/hosting/build/pkgbase')).toBe('sealing')
    await applied(host, pkgbase)
    expect(manifestOf(host, 'pkgbase').packages).toHaveLength(2)
  })
})
