/** Packages are added to a complete blueprint while instances use it, and nothing else happens to it. */
import { beforeAll, describe, expect, test } from 'vitest'
import { PowerCut } from '../imitation/faults.ts'
import { publish, siteOf } from '../imitation/web.ts'
import {
  applied,
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
import { told } from '../support/told-host.ts'

const key = newKey()
const repository = { url: 'http://pkg.example.net/2026Q4', fingerprints: [fingerprintOf(publicKeyOf(key))] }
const web = { ...bare, name: '2026Q4-php83', packages: ['php83'], repository }
const amendment = { ...web, packages: ['php83', 'php83-gd'], amend: true, reason: 'Larsen Boats makes thumbnails' }
const root = '/hosting/blueprints/2026Q4-php83'
const dataset = 'zroot/hosting/blueprints/2026Q4-php83'

const sites = new Map<Packages, Record<string, Buffer>>()
function offer(host: FakeHost, packages: Packages): void {
  const files = sites.get(packages) ?? packageSite(packages, { signing: { type: 'fingerprints', privateKey: key } })
  sites.set(packages, files)
  publish(
    host.machine,
    'http://pkg.example.net',
    siteOf(Object.fromEntries(Object.entries(files).map(([path, content]) => [`/2026Q4/${path}`, content]))),
  )
}

/** A complete blueprint that an instance has mounted. */
async function inUse(): Promise<FakeHost> {
  const host = hostingHost()
  offer(host, PACKAGES)
  await applied(host, web)
  host.tree.mkdir('/hosting/instances/web1/root')
  host.outside('mount', '-t', 'nullfs', '-o', 'ro', root, '/hosting/instances/web1/root')
  return host
}

const looks = (host: FakeHost) => ({
  datasets: datasetsOf(host),
  manifest: manifestOf(host, web.name),
  readonly: property(host, 'readonly', dataset),
  stage: property(host, 'bluejail:stage', dataset),
  revision: property(host, 'bluejail:revision', dataset),
})

describe('an amendment', () => {
  test('makes the next revision: snapshot, manifest, reason, digest', async () => {
    const host = await inUse()
    const before = manifestOf(host, web.name)
    const foretold = await checked(host, amendment)
    const report = await applied(host, amendment)
    expect(foretold.steps).toEqual(report.steps)
    expect(looks(host)).toMatchObject({ readonly: 'on', stage: 'complete', revision: '2' })
    expect(datasetsOf(host)).toEqual([
      'blueprints',
      'blueprints/2026Q4-php83',
      'blueprints/2026Q4-php83@complete',
      'blueprints/2026Q4-php83@r2',
      'build',
      'instances',
    ])
    const manifest = manifestOf(host, web.name)
    expect(manifest).toMatchObject({
      revision: 2,
      requested: ['php83', 'php83-gd'],
      revisions: [
        { revision: 1, digest: before.digest },
        {
          revision: 2,
          requested: ['php83-gd'],
          added: ['libgd-2.3.3_13,1', 'php83-gd-8.3.14'],
          digest: manifest.digest,
        },
      ],
    })
    expect(manifest.digest).not.toBe(before.digest)
    expect(property(host, 'bluejail:reason', `${dataset}@r2`)).toBe('Larsen Boats makes thumbnails')
    expect(host.tree.read(`${root}/.blueprint.json`)).not.toContain('Larsen')
    expect((await told(host)).state.blueprints[web.name]?.amendments).toEqual([
      { revision: 2, created: '2026-11-22T12:00:00.000Z', reason: 'Larsen Boats makes thumbnails' },
    ])
    expect(host.tree.read('/hosting/instances/web1/root/usr/local/etc/rc.d/php83_gd')).toBe('#!/bin/sh\n')
  })

  test('that is done is no change, with and without amend', async () => {
    const host = await inUse()
    await applied(host, amendment)
    expect(await applied(host, amendment)).toMatchObject({ changed: false })
    expect(await applied(host, { ...web, packages: ['php83', 'php83-gd'] })).toMatchObject({ changed: false })
    expect(await refusal(host, web)).toMatch(/made with php83-gd, which the task does not list/)
  })

  test('lists what is to be added: what is there stays, and may be left out', async () => {
    const host = await inUse()
    await applied(host, { name: web.name, packages: 'php83-gd', repository, amend: true, reason: 'x' })
    expect(manifestOf(host, web.name).requested).toEqual(['php83', 'php83-gd'])
  })

  test('leaves the package database closed [pkg-6]', async () => {
    const host = await inUse()
    await applied(host, amendment)
    expect(host.tree.list(`${root}/var/db/pkg`)).toEqual(['local.sqlite', 'repos'])
  })
})

describe('an amendment is refused, and the blueprint stays as it is', () => {
  const unchanged = async (host: FakeHost, options: object): Promise<string> => {
    const before = looks(host)
    const said = await refusal(host, options)
    expect(looks(host)).toEqual(before)
    return said
  }

  test('where the repository has moved on: an upgrade would be needed', async () => {
    const host = await inUse()
    offer(host, {
      ...PACKAGES,
      php83: { version: '8.3.15', needs: ['libxml2'] },
      'php83-gd': { version: '8.3.15', needs: ['php83', 'libgd'] },
    })
    expect(await unchanged(host, amendment)).toMatch(
      /2026Q4-php83 stays as it is: adding php83-gd would change packages that instances are using: php83: 8\.3\.14 -> 8\.3\.15/,
    )
  })

  test('which version is newer is decided by pkg, epoch and revision counted [pkg-5]', async () => {
    const host = hostingHost()
    offer(host, { a: { version: '8.4.0,1' } })
    await applied(host, { ...web, packages: ['a'] })
    offer(host, { a: { version: '9.0' }, b: { version: '1', needs: ['a'] } })
    const { changed } = await applied(host, { ...web, packages: ['b'], amend: true, reason: 'x' })
    expect(changed).toBe(true)
    expect(manifestOf(host, web.name).packages.map((one: { version: string }) => one.version)).toEqual(['8.4.0,1', '1'])
  })

  test('where there is no such package', async () => {
    const host = await inUse()
    expect(await unchanged(host, { ...amendment, packages: ['nosuchpkg'] })).toMatch(/has no such package/)
  })

  test('where something else differs too', async () => {
    const host = await inUse()
    expect(await unchanged(host, { ...amendment, release: '14.1-RELEASE' })).toMatch(/its release is 14.2-RELEASE/)
  })

  test('where nobody says why, or where packages come from', async () => {
    const host = await inUse()
    expect(await unchanged(host, { ...amendment, reason: null })).toMatch(/an amendment needs a `reason`/)
    expect(await unchanged(host, { name: web.name, packages: ['nginx'], amend: true, reason: 'x' })).toMatch(
      /there is no `repository`, from which nginx could come/,
    )
  })
})

describe('the power goes after any step', () => {
  let steps: readonly string[]
  let expected: ReturnType<typeof looks>
  beforeAll(async () => {
    const host = await inUse()
    steps = (await applied(host, amendment)).steps
    expected = looks(host)
  })

  test('of an amendment: the same task finishes it, and another is told of it', async () => {
    for (let changes = 1; changes <= steps.length; changes += 1) {
      const host = await inUse()
      host.machine.cutPowerAfter(changes)
      await applied(host, amendment).catch(error => expect(error.cause ?? error).toBeInstanceOf(PowerCut))
      host.boot()
      host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
      if (!['complete', '-'].includes(property(host, 'bluejail:stage', dataset)))
        expect(await refusal(host, web)).toMatch(/an amendment of it was interrupted\. Run that task again/)
      await applied(host, amendment)
      expect(looks(host), `cut after ${changes}`).toEqual(expected)
      expect(await applied(host, amendment)).toMatchObject({ changed: false })
    }
  })

  test('of a build with packages: the same task finishes it', async () => {
    const undisturbed = hostingHost()
    offer(undisturbed, PACKAGES)
    const building = await applied(undisturbed, web)
    const built = looks(undisturbed)
    for (let changes = 1; changes <= building.steps.length; changes += 1) {
      const host = hostingHost()
      offer(host, PACKAGES)
      host.machine.cutPowerAfter(changes)
      await applied(host, web).catch(error => expect(error.cause ?? error).toBeInstanceOf(PowerCut))
      host.boot()
      host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
      await applied(host, web)
      expect(looks(host), `cut after ${changes}`).toEqual(built)
    }
  })
})
