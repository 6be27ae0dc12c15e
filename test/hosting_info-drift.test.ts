/** What is not as configured, in words: each row makes one thing differ, and this is all that is told. */
import { describe, expect, test } from 'vitest'
import type { Answer } from '../modules/core/host.ts'
import type { FakeHost } from './support/fake-freebsd.ts'
import { addBlueprint, BLUEPRINT } from './support/instance-host.ts'
import { converged } from './support/jail-host.ts'
import { describeBlueprint, drift, toldHost } from './support/told-host.ts'

const ROOT = '/hosting/instances/web1/root'
const FSTAB = '/hosting/instances/web1/fstab'
const CONF = '/etc/jail.conf.d/web1.conf'

function must(host: FakeHost, ...command: string[]): void {
  const { exit, stderr }: Answer = host.outside(...command)
  if (exit !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
}

const edit = (host: FakeHost, path: string, change: (text: string) => string) =>
  host.tree.write(path, change(host.tree.read(path) ?? ''))

test('nothing, where all is as it was made', async () => {
  expect(await drift(await toldHost())).toEqual([])
})

describe('a running instance', () => {
  test('another blueprint is told once, and not for each mount', async () => {
    const host = await toldHost()
    addBlueprint(host, '2027Q1-php84')
    describeBlueprint(host, '2027Q1-php84')
    const text = host.tree.read(FSTAB) ?? ''
    host.tree.write(`${FSTAB}.next`, text.replaceAll(BLUEPRINT, '2027Q1-php84'))
    expect(await drift(host)).toEqual([`web1 runs ${BLUEPRINT}, configured 2027Q1-php84`])
  })

  test.each<[string, (host: FakeHost) => void, string[]]>([
    [
      'a mount that is missing',
      host => must(host, 'umount', `${ROOT}/etc/rc.d`),
      [`web1: ${ROOT}/etc/rc.d is not mounted (/hosting/blueprints/${BLUEPRINT}/etc/rc.d)`],
    ],
    [
      'a mount that nobody asked for',
      host => must(host, 'mount', '-t', 'nullfs', '/hosting/shared', `${ROOT}/home`),
      [
        `web1: /hosting/shared is mounted at ${ROOT}/home, where it does not belong`,
        `web1: ${ROOT}/home is mounted more than once (/hosting/shared lies over another)`,
      ],
    ],
    [
      'mount options that wait for a restart',
      host => host.tree.write(`${FSTAB}.next`, (host.tree.read(FSTAB) ?? '').replace('rw,nosuid', 'rw,nosuid,noexec')),
      [`web1: ${ROOT}/tmp: its mount options are nosuid, and shall be noexec, nosuid`],
    ],
    [
      'an fstab that is gone',
      host => host.tree.remove(FSTAB),
      [`web1: ${FSTAB} has no entries, so nothing can be said of its mounts`],
    ],
    [
      'a parameter that can be changed while it runs',
      host => edit(host, CONF, text => text.replace('  exec.clean;\n', '  exec.clean;\n  allow.mlock;\n')),
      ["web1: parameters of its jail are not as configured: 'jail -m name=web1 allow.mlock' would change them"],
    ],
    [
      'a parameter that only a restart changes',
      host => edit(host, CONF, text => text.replace('devfs_ruleset = 4', 'devfs_ruleset = 5')),
      ['web1: devfs_ruleset is as it was when it was started, and configured otherwise'],
    ],
    [
      'an interface that is configured otherwise',
      host => edit(host, CONF, text => text.replace(/descr bluejail:\w+/, 'descr bluejail:other')),
      ['web1: vnet0 is as it was when it was started, and configured otherwise'],
    ],
    [
      'an interface that fell off its bridge',
      host => must(host, 'ifconfig', 'hosting0', 'deletem', 'e0a_web1'),
      ['web1: e0a_web1 is not on the bridge hosting0'],
    ],
    [
      'a bridge that is gone',
      host => must(host, 'ifconfig', 'hosting0', 'destroy'),
      [
        'the interface hosting0 of rc.conf (cloned_interfaces) is not there',
        'web1: e0a_web1 is on no bridge: hosting0 is not there',
      ],
    ],
    [
      'an interface that is gone',
      host => must(host, 'ifconfig', 'e0a_web1', 'destroy'),
      ['web1: its interface vnet0 is not there (e0a_web1 on the host)'],
    ],
    [
      'a limit that no boot will bring back',
      host => must(host, 'rctl', '-a', 'jail:web1:swapuse:deny=2G'),
      ['web1: the limit swapuse:deny=2G ends with the next reboot: /etc/rctl.conf does not have it'],
    ],
    [
      'a limit that is not in force',
      host => host.tree.write('/etc/rctl.conf', 'jail:web1:maxproc:deny=5\n'),
      ['web1: the limit maxproc:deny=5 of /etc/rctl.conf is not in force'],
    ],
    [
      'its configuration changed by hand',
      host => edit(host, CONF, text => text.replace('  vnet;\n', '  vnet; # sic\n')),
      [`web1: ${CONF} cannot be compared: it was changed by hand`],
    ],
    ['its configuration gone', host => host.tree.remove(CONF), [`web1: it runs, and ${CONF} is not there`]],
    [
      'a configuration of a later release',
      host => edit(host, CONF, text => text.replace('format 1.', 'format 9.')),
      [`web1: ${CONF} cannot be compared: it is of format 9, written by a later release of bluejail than this one`],
    ],
    [
      'a dataset half filled',
      host => must(host, 'zfs', 'set', 'bluejail:seeded=begun', 'zroot/hosting/instances/web1/etc'),
      ['web1: zroot/hosting/instances/web1/etc is half filled from its blueprint'],
    ],
  ])('%s', async (_, change, sentences) => {
    const host = await toldHost()
    change(host)
    expect(await drift(host)).toEqual(sentences)
  })
})

describe('an instance that does not run', () => {
  test('what has become of one that vanished: its mounts and its interface are left', async () => {
    const host = await toldHost()
    must(host, 'jail', '-R', 'web1')
    const sentences = await drift(host)
    expect(sentences[0]).toBe('web1 does not run, and starts when the host boots')
    expect(sentences).toContain(
      `web1: /hosting/blueprints/${BLUEPRINT} is mounted at ${ROOT}, although it does not run`,
    )
    expect(sentences.slice(-2)).toEqual([
      'web1: its interface e0a_web1 is left, although it does not run',
      'web1: pf has rules for it, although it does not run',
    ])
    expect(sentences).toHaveLength(18)
  })

  test('one that was stopped starts when the host boots; one that is not to, is as configured', async () => {
    const host = await toldHost()
    await converged(host, { id: 'web1', interfaces: ['hosting0'], state: 'stopped' })
    expect(await drift(host)).toEqual(['web1 does not run, and starts when the host boots'])
    await converged(host, { id: 'web1', interfaces: ['hosting0'], state: 'stopped', boot: false })
    expect(await drift(host)).toEqual([])
  })

  test.each<[string, (host: FakeHost) => void, string[]]>([
    [
      'one whose blueprint is not there',
      host => edit(host, '/hosting/instances/db1/fstab', text => text.replaceAll(BLUEPRINT, '2025Q1-gone')),
      ['db1 is configured to run 2025Q1-gone, and that blueprint is not there'],
    ],
    [
      'one whose dataset is not there',
      host => must(host, 'zfs', 'destroy', 'zroot/hosting/instances/db1/tmp'),
      ['db1: its dataset zroot/hosting/instances/db1/tmp is not there'],
    ],
    [
      'one that a boot would look for in vain',
      host => edit(host, '/etc/rc.conf', text => text.replace('jail_list="web1"', 'jail_list="web1 db1"')),
      [
        'db1 does not run, and starts when the host boots',
        'db1: jail_list of rc.conf names it, and /etc/jail.conf.d/db1.conf is not there',
      ],
    ],
  ])('%s', async (_, change, sentences) => {
    const host = await toldHost()
    change(host)
    expect(await drift(host)).toEqual(sentences)
  })
})

describe('the host', () => {
  test.each<[string, (host: FakeHost) => void, string[]]>([
    [
      'starts no instance',
      host => edit(host, '/etc/rc.conf', text => text.replace('jail_enable="YES"', 'jail_enable="NO"')),
      ['no instance starts when the host boots: jail_enable is not YES in rc.conf (web1)'],
    ],
    [
      'does not read its limits at boot',
      host => {
        edit(host, '/etc/rc.conf', text => `${text}rctl_enable="NO"\n`)
        must(host, 'rctl', '-a', 'jail:web1:maxproc:deny=5')
        host.tree.write('/etc/rctl.conf', 'jail:web1:maxproc:deny=5\n')
      },
      ['no boot reads /etc/rctl.conf: rctl_enable is not YES in rc.conf'],
    ],
    [
      'keeps no limits',
      host => {
        host.machine.state.sysctls['kern.racct.enable'] = '0'
        host.tree.write('/etc/rctl.conf', 'jail:web1:maxproc:deny=5\n')
      },
      ['web1: its limits are not in force, since this kernel keeps none: maxproc:deny=5'],
    ],
    [
      'has an interface of nobody',
      host => must(host, 'ifconfig', 'epair', 'create', 'name', 'e0a_gone'),
      ['the interface e0a_gone is left of an instance that is not there'],
    ],
    [
      'has a mount that was led astray by a link',
      host => {
        host.tree.mkdir('/mnt/victim')
        must(host, 'mount', '-t', 'nullfs', `/hosting/blueprints/${BLUEPRINT}/etc/rc.d`, '/mnt/victim')
      },
      [`/hosting/blueprints/${BLUEPRINT}/etc/rc.d is mounted at /mnt/victim, outside of all instances`],
    ],
    [
      'has a blueprint that anybody with root could change',
      host => must(host, 'zfs', 'set', 'readonly=off', `zroot/hosting/blueprints/${BLUEPRINT}`),
      [`the blueprint ${BLUEPRINT} is writable`],
    ],
    [
      'has blueprints that are not finished',
      host => {
        must(host, 'zfs', 'set', 'bluejail:stage=amending', `zroot/hosting/blueprints/${BLUEPRINT}`)
        must(host, 'zfs', 'create', '-p', '-o', 'bluejail:stage=sealing', 'zroot/hosting/build/2027Q1-bare')
      },
      [
        `the blueprint ${BLUEPRINT} is not complete (amending): run blueprint_jail again`,
        'the blueprint 2027Q1-bare is half built (sealing): run blueprint_jail again',
      ],
    ],
  ])('%s', async (_, change, sentences) => {
    const host = await toldHost()
    change(host)
    expect(await drift(host)).toEqual(sentences)
  })

  test('has a blueprint of a later release, or one without a manifest', async () => {
    const host = await toldHost()
    addBlueprint(host, '2027Q1-new')
    expect(await drift(host)).toEqual(['the blueprint 2027Q1-new has no manifest, so nobody can tell what is in it'])
    describeBlueprint(host, '2027Q1-new')
    must(host, 'zfs', 'set', 'readonly=off', 'zroot/hosting/blueprints/2027Q1-new')
    edit(host, '/hosting/blueprints/2027Q1-new/.blueprint.json', text => text.replace('"format":1', '"format":9'))
    must(host, 'zfs', 'set', 'readonly=on', 'zroot/hosting/blueprints/2027Q1-new')
    expect((await drift(host))[0]).toMatch(
      /^the blueprint 2027Q1-new cannot be read: .* has format 9, and this collection knows 2\./,
    )
  })
})
