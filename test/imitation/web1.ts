/** The host of 03-jails.jsonl in memory: a blueprint, the datasets of one instance, and its jail's configuration. */
import { type FakeHost, fakeFreeBSD } from '../support/fake-freebsd.ts'

export const CONF = '/etc/jail.conf.d/web1.conf'
const BLUEPRINT = '/blueprints/2026Q4-a'

/** Of FreeBSD's own, only that they are more than a line. */
const RC = '#!/bin/sh\nfor script in $(rcorder /etc/rc.d/*); do\n  run_rc_script $script\ndone\n'

export const FSTAB = `${BLUEPRINT} /jails/web1/root nullfs ro 0 0
zroot/instances/web1/etc /jails/web1/root/etc zfs rw 0 0
zroot/instances/web1/var /jails/web1/root/var zfs rw 0 0
${BLUEPRINT}/etc/rc.d /jails/web1/root/etc/rc.d nullfs ro 0 0
${BLUEPRINT}/var/db/pkg /jails/web1/root/var/db/pkg nullfs ro 0 0
`

const SETTINGS: Readonly<Record<string, string>> = {
  path: '"/jails/web1/root"',
  'host.hostname': '"web1.example.test"',
  'mount.fstab': '"/jails/web1/fstab"',
  'mount.devfs': '',
  devfs_ruleset: '4',
  vnet: '',
  'exec.clean': '',
  'exec.prepare':
    '"ifconfig epair7 create && ifconfig epair7a name e0a_web1 && ifconfig epair7b name e0b_web1", "ifconfig bridge0 addm e0a_web1", "ifconfig e0a_web1 up"',
  'exec.created':
    '"ifconfig e0b_web1 vnet web1", "ifconfig -j web1 e0b_web1 name vnet0", "ifconfig -j web1 vnet0 inet 10.66.0.11/24 up", "route -j web1 add default 10.66.0.1"',
  'exec.start': '"/bin/sh /etc/rc"',
  'exec.stop': '"/bin/sh /etc/rc.shutdown jail"',
  'exec.release': '"ifconfig e0a_web1 destroy"',
  'exec.consolelog': '"/var/log/jails/web1.log"',
}

export interface Said {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

export interface Web1 {
  readonly host: FakeHost
  /** One command line; words are split at blanks. */
  run(line: string): Said
  /** Writes the configuration with some settings otherwise; undefined leaves one out. */
  configure(changes: Readonly<Record<string, string | undefined>>): void
  mounted(): string[]
  interfaces(): string
  jails(): string[]
}

export function web1(changes: Readonly<Record<string, string | undefined>> = {}): Web1 {
  const host = fakeFreeBSD({
    datasets: {
      'zroot/blueprints': { mountpoint: '/blueprints' },
      'zroot/blueprints/2026Q4-a': {},
      'zroot/instances/web1/etc': { mountpoint: 'legacy' },
      'zroot/instances/web1/var': { mountpoint: 'legacy' },
    },
  })
  const { tree } = host
  for (const directory of ['etc/rc.d', 'var', 'dev']) tree.mkdir(`${BLUEPRINT}/${directory}`)
  tree.mkdir(`${BLUEPRINT}/var/db/pkg`)
  for (const directory of ['/jails/web1/root', '/etc/jail.conf.d', '/var/log/jails', '/seed']) tree.mkdir(directory)
  const seed = (dataset: string, fill: () => void) => {
    host.outside('mount', '-t', 'zfs', `zroot/instances/web1/${dataset}`, '/seed')
    fill()
    host.outside('umount', '/seed')
  }
  seed('etc', () => {
    tree.mkdir('/seed/rc.d')
    tree.write('/seed/rc', RC)
    tree.write('/seed/rc.shutdown', RC)
    tree.write('/seed/rc.conf', 'hostname="fbsd.test"\nsshd_enable="YES"\n')
  })
  seed('var', () => tree.mkdir('/seed/db/pkg'))
  tree.write('/jails/web1/fstab', FSTAB)

  const run = (line: string) => host.outside(...line.split(' '))
  run('ifconfig bridge0 create inet 10.66.0.1/24 up')
  const configure: Web1['configure'] = others => {
    const settings = Object.entries({ ...SETTINGS, ...others }).filter(([, value]) => value !== undefined)
    const lines = settings.map(([name, value]) => `  ${name}${value === '' ? '' : ` = ${value}`};\n`)
    tree.write(CONF, `web1 {\n${lines.join('')}}\n`)
  }
  configure(changes)
  return {
    host,
    run,
    configure,
    mounted: () => host.machine.state.mounts.map(each => each.node).filter(node => node.startsWith('/jails/')),
    interfaces: () => run('ifconfig -l').stdout.trim(),
    jails: () => run('jls name').stdout.trim().split('\n').filter(Boolean),
  }
}
