/** A host in memory with a blueprint and the datasets of instances, as zfs_dataset and blueprint_jail leave them. */
import type { Answer } from '../../modules/core/host.ts'
import { DEFAULT_WRITABLE } from '../../modules/rules/layout.ts'
import { type FakeHost, fakeFreeBSD } from './fake-freebsd.ts'

export const BLUEPRINT = '2026Q4-php83'

export interface InstanceHostOptions {
  readonly ids?: readonly string[]
  /** Datasets beside those of the default layout, by their names. */
  readonly parts?: readonly string[]
  readonly shared?: readonly string[]
}

export function instanceHost({ ids = ['web1'], parts = [], shared = [] }: InstanceHostOptions = {}): FakeHost {
  const legacy = { mountpoint: 'legacy' }
  const host = fakeFreeBSD({
    datasets: {
      'zroot/hosting': { mountpoint: '/hosting' },
      'zroot/hosting/blueprints': {},
      'zroot/hosting/instances': {},
      'zroot/hosting/shared': {},
      ...Object.fromEntries(shared.map(name => [`zroot/hosting/shared/${name}`, {}])),
      ...Object.fromEntries(
        ids.flatMap(id => [
          [`zroot/hosting/instances/${id}`, {}] as const,
          ...[...DEFAULT_WRITABLE.map(({ dataset }) => dataset), ...parts].map(
            name => [`zroot/hosting/instances/${id}/${name}`, legacy] as const,
          ),
        ]),
      ),
    },
  })
  for (const id of ids) host.tree.chmod(`/hosting/instances/${id}`, 0o700)
  addBlueprint(host, BLUEPRINT)
  return host
}

/** What each example of instance_mounts takes for granted. */
export function hostForInstanceMounts(title: string): FakeHost {
  switch (title) {
    case 'With a database and shared files': {
      const host = instanceHost({ parts: ['var-db-mysql'], shared: ['customer1'] })
      host.tree.write('/etc/resolv.conf', 'nameserver 192.0.2.53\n')
      return host
    }
    case 'Several at once':
      return instanceHost({ ids: ['web1', 'web2'], parts: ['var-db-mysql'] })
    case 'Another layout':
      return instanceHost({ parts: ['www'] })
    case 'No mounts any more': {
      const host = instanceHost()
      host.tree.mkdir('/hosting/instances/web1/root')
      host.tree.mkdir('/hosting/instances/web1/seed')
      host.tree.write('/hosting/instances/web1/fstab', '')
      host.outside(
        'mount',
        '-t',
        'nullfs',
        '-o',
        'ro',
        `/hosting/blueprints/${BLUEPRINT}`,
        '/hosting/instances/web1/root',
      )
      return host
    }
    default:
      return instanceHost()
  }
}

/** A tree with what a copy can get wrong: owners, modes, flags, links of both kinds. */
export function addBlueprint(host: FakeHost, name: string): void {
  const { tree } = host
  const root = `/hosting/blueprints/${name}`
  const dataset = `zroot/hosting/blueprints/${name}`
  host.outside('zfs', 'create', '-o', 'bluejail:revision=1', dataset)
  for (const path of [
    'bin',
    'dev',
    'etc/defaults',
    'etc/rc.d',
    'etc/ssh',
    'home',
    'root',
    'tmp',
    'usr/local/etc/rc.d',
    'usr/local/www',
    'var/db/pkg',
    'var/empty',
    'var/log',
    'var/run',
  ])
    tree.mkdir(`${root}/${path}`)
  tree.write(`${root}/bin/sh`, 'a shell', 0o555)
  tree.write(`${root}/etc/rc.conf`, 'hostname="blueprint"\n')
  tree.write(`${root}/etc/master.passwd`, 'root:*:0:0::0:0::/root:/bin/sh\n', 0o600)
  tree.write(`${root}/etc/resolv.conf`, '')
  tree.write(`${root}/etc/rc.d/cron`, '#!/bin/sh\n', 0o555)
  tree.write(`${root}/var/db/pkg/local.sqlite`, 'packages')
  tree.write(`${root}/var/log/messages`, '', 0o640)
  tree.symlink(`${root}/var/mail`, '/nowhere')
  tree.files.link(`${root}/etc/rc.conf`, `${root}/etc/rc.conf.same`)
  tree.chown(`${root}/var/log/messages`, 0, 69)
  tree.chmod(`${root}/tmp`, 0o1777)
  tree.chmod(`${root}/root`, 0o700)
  tree.files.setFlags(`${root}/var/empty`, ['schg'])
  host.outside('zfs', 'set', 'readonly=on', dataset)
  host.outside('zfs', 'snapshot', `${dataset}@complete`)
}

/** The jail that instance_jail would write, as far as mounts go. */
export function startJail(host: FakeHost, id: string): Answer {
  const conf = `/etc/jail.conf.d/${id}.conf`
  const root = `/hosting/instances/${id}/root`
  host.tree.mkdir('/etc/jail.conf.d')
  host.tree.write(
    conf,
    `${id} {\n path = "${root}";\n mount.fstab = "/hosting/instances/${id}/fstab";\n mount.devfs;\n persist;\n}\n`,
  )
  return host.outside('jail', '-f', conf, '-c', id)
}

export const stopJail = (host: FakeHost, id: string): Answer =>
  host.outside('jail', '-f', `/etc/jail.conf.d/${id}.conf`, '-r', id)

/** Looks into a dataset as an operator would. */
export function lookInto<T>(host: FakeHost, dataset: string, look: (at: string) => T): T {
  const { exit, stderr } = host.outside('mount', '-t', 'zfs', dataset, '/mnt')
  if (exit !== 0) throw new Error(stderr)
  try {
    return look('/mnt')
  } finally {
    host.outside('umount', '/mnt')
  }
}

/** What is mounted below the root of an instance, relative to it. */
export function mountedIn(host: FakeHost, id: string): string[] {
  const root = `/hosting/instances/${id}/root`
  const { mounted } = JSON.parse(host.outside('mount', '--libxo', 'json').stdout).mount as {
    mounted: { node: string }[]
  }
  return mounted.flatMap(({ node }) => (`${node}/`.startsWith(`${root}/`) ? [node.slice(root.length + 1)] : []))
}
