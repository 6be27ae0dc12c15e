/** What host_settings does not do, and what it says then. */
import { describe, expect, test } from 'vitest'
import { converged, hostWith, refusal } from './support.ts'

describe('refused before anything is changed', () => {
  test.each<[string, object, string]>([
    ['host-3', { rc_conf: { a: '$(id)' } }, "a cannot be put into /etc/rc.conf: sh(1) would evaluate '$'"],
    ['host-3', { rc_conf: { a: `it's "both"` } }, 'it has both kinds of quotes'],
    ['host-3', { rc_conf: { 'kern.racct.enable': 1 } }, "'kern.racct.enable' is no name of a variable of sh(1)"],
    ['host-3', { loader_conf: { a: '"' } }, 'the loader would evaluate a double quote'],
    [
      'rctl-1',
      { sysctl: { 'kern.racct.enable': 1 } },
      'kern.racct.enable cannot be set while the system runs (it is 0)',
    ],
    ['rctl-1', { sysctl: { 'kern.racct.enable': 1 } }, 'put it into `loader_conf`'],
    ['', { sysctl: { 'net.inet.ip.forwardin': 1 } }, 'did you mean net.inet.ip.forwarding?'],
    ['', { sysctl: { 'net.inet.ip': 1 } }, 'stands for a whole tree'],
    ['', { sysctl: { 'kern.maxfiles': '64K' } }, "is a number (now 130542), and '64K' is none"],
    ['', { kernel_modules: ['/boot/kernel/pf.ko'] }, "cannot be a module's name"],
    [
      '',
      { kernel_modules: ['pf'], rc_conf: { kld_list: 'pf' } },
      'kld_list is set whole, and `kernel_modules` adds to it',
    ],
    ['', { rc_conf: { a: 1 }, rc_conf_add: { a: ['x'] } }, 'a is set whole, and words are added'],
    ['', { rc_conf_add: { a: ['x'] }, rc_conf_remove: { a: ['x'] } }, "'x' is to be added and to be removed"],
    ['', { rc_conf_add: { a: ['x y'] } }, "'x y' is not one word"],
    ['', { rc_conf_d: { '../x': { a: 1 } } }, "'../x' cannot be a service's name"],
  ])('%s %j', async (_fact, options, words) => {
    const host = hostWith()
    expect(await refusal(host, options)).toContain(words)
    expect(host.performed).toEqual([])
  })

  test('host-1 a line that would have to be run, where it sets a name of the task; nothing is ever run', async () => {
    const host = hostWith({ '/etc/rc.conf': 'hostname="$(/usr/bin/touch /tmp/owned)"\nb="1"\n' })
    expect(await refusal(host, { rc_conf: { hostname: 'x' } })).toContain(
      '/etc/rc.conf sets hostname in a way that cannot be read without running it',
    )
    expect(await converged(host, { rc_conf: { b: '2' } })).toMatchObject({ changed: true })
    expect(host.tree.read('/etc/rc.conf')).toBe('hostname="$(/usr/bin/touch /tmp/owned)"\nb="2"\n')
    expect(host.tree.read('/tmp/owned')).toBeUndefined()
  })
})
