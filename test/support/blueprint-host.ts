/** A host laid out for blueprints, mirrors it can reach, and runs of the module on it. */
import blueprintJail from '../../modules/blueprint_jail.ts'
import { apply, type Conduct, check, converge } from '../../modules/core/converge.ts'
import type { Step } from '../../modules/core/step.ts'
import { releaseMirror } from '../fixtures/releases.ts'
import { publish, siteOf } from '../imitation/web.ts'

import { type FakeHost, type FakeOptions, fakeFreeBSD } from './fake-freebsd.ts'
import { newKey, PACKAGES, packageSite, publicKeyOf } from './package-site.ts'

export const MIRROR = 'http://mirror.example.net'
export const BASE = { mirrors: [`${MIRROR}/releases`] }
export const ARCHIVE_URL = `${MIRROR}/releases/amd64/amd64/14.2-RELEASE/base.txz`

/** A blueprint of a release and nothing else. */
export const bare = { name: '2026Q4-bare', release: '14.2-RELEASE', base: BASE }

export function hostingHost(options: FakeOptions = {}): FakeHost {
  const host = fakeFreeBSD({
    ...options,
    datasets: {
      'zroot/hosting': { mountpoint: '/hosting' },
      'zroot/hosting/blueprints': {},
      'zroot/hosting/instances': {},
      ...options.datasets,
    },
  })
  publish(host.machine, MIRROR, siteOf(releaseMirror()))
  return host
}

export const NOW = new Date('2026-11-22T12:00:00Z')

const conducted = (conduct: Conduct) => (host: FakeHost, options: object, now?: Date) =>
  converge(blueprintJail, options, host, conduct, { now: () => now ?? NOW, holder: 'a test' })

export const applied = conducted(apply)
export const checked = conducted(check)

/** The message a task fails with. */
export const refusal = (host: FakeHost, options: object): Promise<string> =>
  applied(host, options).then(
    report => `it did not fail, but: ${report.msg}`,
    (error: Error) => error.message,
  )

export const manifestOf = (host: FakeHost, name: string) =>
  JSON.parse(host.tree.read(`/hosting/blueprints/${name}/.blueprint.json`) ?? '{}')

export const property = (host: FakeHost, name: string, dataset: string) =>
  host.outside('zfs', 'get', '-H', '-o', 'value', name, dataset).stdout.trim()

/** All datasets and snapshots below hosting. */
export const datasetsOf = (host: FakeHost) =>
  host
    .outside('zfs', 'list', '-H', '-r', '-t', 'filesystem,snapshot', '-o', 'name', 'zroot/hosting')
    .stdout.trim()
    .split('\n')
    .map(name => name.slice('zroot/hosting/'.length))
    .filter(name => name !== '')

export const SITE = 'http://pkg.example.net'
const key = newKey()

/** Packages that the host finds at SITE, and the key they are signed with at /usr/local/etc/pkg/site.pub. */
export function offerPackages(host: FakeHost): void {
  const files = packageSite(PACKAGES, { signing: { type: 'pubkey', privateKey: key } })
  const paths = Object.entries(files).map(([path, content]) => [`/2026Q4/${path}`, content] as const)
  publish(host.machine, SITE, siteOf(Object.fromEntries(paths)))
  host.tree.mkdir('/usr/local/etc/pkg')
  host.tree.write('/usr/local/etc/pkg/site.pub', publicKeyOf(key))
}

/** The host that the module's examples take for granted. */
export async function hostForBlueprints(title: string): Promise<FakeHost> {
  const host = hostingHost()
  offerPackages(host)
  if (/^(Is|Gone)/.test(title)) await applied(host, { ...bare, name: '2026Q4-static' })
  if (/^One more/.test(title))
    await applied(host, {
      ...bare,
      name: '2026Q4-php83',
      packages: ['php83'],
      repository: { url: `${SITE}/2026Q4`, pubkey: '/usr/local/etc/pkg/site.pub' },
    })
    // What made it so is none of the example's.
  ;(host.performed as Step[]).length = 0
  return host
}
