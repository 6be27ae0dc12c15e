/** A blueprint that an instance uses, packages that can be added to it, and the same of a later day. */
import { publish, siteOf } from '../imitation/web.ts'
import { applied, bare, datasetsOf, hostingHost, manifestOf, property } from '../support/blueprint-host.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { fingerprintOf, newKey, PACKAGES, type Packages, packageSite, publicKeyOf } from '../support/package-site.ts'

/** As the repository has them when it has moved on. */
export const NEWER: Packages = {
  ...PACKAGES,
  php83: { version: '8.3.15', needs: ['libxml2'] },
  'php83-gd': { version: '8.3.15', needs: ['php83', 'libgd'] },
}

const key = newKey()
export const repository = { url: 'http://pkg.example.net/2026Q4', fingerprints: [fingerprintOf(publicKeyOf(key))] }
export const web = { ...bare, name: '2026Q4-php83', packages: ['php83'], repository }
export const amendment = {
  ...web,
  packages: ['php83', 'php83-gd'],
  amend: true,
  reason: 'Larsen Boats makes thumbnails',
}
export const root = '/hosting/blueprints/2026Q4-php83'
export const dataset = 'zroot/hosting/blueprints/2026Q4-php83'

const sites = new Map<Packages, Record<string, Buffer>>()
export function offer(host: FakeHost, packages: Packages): void {
  const files = sites.get(packages) ?? packageSite(packages, { signing: { type: 'fingerprints', privateKey: key } })
  sites.set(packages, files)
  publish(
    host.machine,
    'http://pkg.example.net',
    siteOf(Object.fromEntries(Object.entries(files).map(([path, content]) => [`/2026Q4/${path}`, content]))),
  )
}

/** A complete blueprint that an instance has mounted. */
export async function inUse(): Promise<FakeHost> {
  const host = hostingHost()
  offer(host, PACKAGES)
  await applied(host, web)
  host.tree.mkdir('/hosting/instances/web1/root')
  host.outside('mount', '-t', 'nullfs', '-o', 'ro', root, '/hosting/instances/web1/root')
  return host
}

export const looks = (host: FakeHost) => ({
  datasets: datasetsOf(host),
  manifest: manifestOf(host, web.name),
  readonly: property(host, 'readonly', dataset),
  stage: property(host, 'bluejail:stage', dataset),
  revision: property(host, 'bluejail:revision', dataset),
})
