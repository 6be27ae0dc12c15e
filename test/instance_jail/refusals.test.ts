/** What is refused before anything is touched, word for word. */
import { expect, test } from 'vitest'
import { FORMAT } from '../../modules/rules/layout.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { failing, jailHost, ON_BRIDGE } from '../support/jail-host.ts'

const CONF = '/etc/jail.conf.d/web1.conf'

test.each<[string, object, (host: FakeHost) => void, string]>([
  [
    'a file that is none of ours',
    {},
    host => host.tree.write(CONF, 'web1 {\n  path = "/jails/web1";\n}\n'),
    `web1: ${CONF} is there and was not written by bluejail. Move it away, or choose another id.`,
  ],
  [
    'a file of a later release',
    {},
    host => host.tree.write(CONF, `# bluejail, format ${FORMAT + 1}. Written by instance_jail.\nweb1 {\n}\n`),
    `web1: ${CONF} is of format ${FORMAT + 1}, written by a later release of bluejail than this one, which knows ${FORMAT}. Use that release.`,
  ],
  [
    'a jail of that name that is none of ours',
    { state: 'stopped' },
    host => host.outside('jail', '-c', 'name=web1', 'path=/', 'persist'),
    "web1: a jail of this name runs in /, and the instance's root is /hosting/instances/web1/root. Choose another id, or stop that jail.",
  ],
  [
    'a parameter that nobody knows',
    { parameters: { 'allow.raw_socket': true } },
    () => {},
    'web1: this host knows no jail parameter allow.raw_socket. Did you mean allow.raw_sockets? Those of a kernel module are known once it is loaded.',
  ],
  [
    'an instance to come after that is not there',
    { after: ['db9'] },
    () => {},
    'web1 is to come after db9, which this host does not have. Check the name, or leave it out.',
  ],
  [
    'jail-2: jails of /etc/jail.conf, which would start no more',
    {},
    host => {
      host.tree.write('/etc/jail.conf', 'old { path = "/jails/old"; persist; }\n')
      host.outside('sysrc', 'jail_enable=YES')
    },
    'jail_list in rc.conf is empty, so the host starts all jails of /etc/jail.conf when it boots; once the list names an instance, it would start those no more. Put their names into it first (\'sysrc jail_list="NAME …"\'), or give boot: false.',
  ],
  [
    'host-3: a name in jail_list that sysrc could not write back',
    {},
    host => host.tree.write('/etc/rc.conf', "hostname=h\njail_list='old$x'\n"),
    `the value "old$x web1" cannot be written for jail_list with sysrc(8), which does not escape quotes, '$', backticks and backslashes. Edit /etc/rc.conf by hand.`,
  ],
  [
    'a host without a name to derive link addresses from',
    ON_BRIDGE,
    host => host.tree.write('/etc/rc.conf', ''),
    "web1: link addresses are derived from the host's name, and rc.conf has none. Set it ('sysrc hostname=…'), or give `host`.",
  ],
])('%s', async (_title, options, prepare, message) => {
  const host = await jailHost()
  host.tree.mkdir('/etc/jail.conf.d')
  prepare(host)
  const error = await failing(host, { id: 'web1', ...options })
  expect(error.message).toBe(message)
  expect(host.performed).toEqual([])
})

test('a host name that is given is used in place of that of rc.conf', async () => {
  const host = await jailHost()
  host.tree.write('/etc/rc.conf', '')
  const { message } = await failing(host, { id: 'web1', ...ON_BRIDGE, host: 'hamburg1', parameters: { nosuch: 1 } })
  expect(message).toContain('nosuch')
})
