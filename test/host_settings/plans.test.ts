/** What host_settings does, by its steps and what the host is afterwards. */
import { describe, expect, test } from 'vitest'
import { check } from '../../modules/core/converge.ts'
import { converged, hostWith, refusal } from './support.ts'

describe('a host for jails', () => {
  const options = {
    loader_conf: { 'kern.racct.enable': true },
    sysctl: { 'net.inet.ip.forwarding': true },
    rc_conf: { jail_enable: true, rcshutdown_timeout: 600 },
    periodic_conf: { daily_scrub_zfs_enable: true },
    kernel_modules: ['if_bridge', 'nullfs'],
  }

  test('the kernel comes first, then each file once', async () => {
    const host = hostWith({ '/etc/rc.conf': '# by hand\nhostname="hamburg1"\nkld_list="coretemp"\n' })
    const report = await converged(host, options)
    expect(report.steps).toEqual([
      'kldload -n if_bridge',
      'sysctl net.inet.ip.forwarding=1',
      'write /etc/sysctl.conf',
      'write /etc/rc.conf',
      'write /etc/periodic.conf',
      'write /boot/loader.conf',
    ])
    expect(host.tree.read('/etc/rc.conf')).toBe(
      '# by hand\nhostname="hamburg1"\nkld_list="coretemp if_bridge nullfs"\njail_enable="YES"\nrcshutdown_timeout="600"\n',
    )
    expect(host.tree.read('/boot/loader.conf')).toBe('zfs_load="YES"\nkern.racct.enable="1"\n')
    expect(host.tree.read('/etc/sysctl.conf')).toBe('net.inet.ip.forwarding=1\n')
    expect(report.state).toEqual({
      sysctl_conf: { 'net.inet.ip.forwarding': '1' },
      rc_conf: { jail_enable: 'YES', rcshutdown_timeout: '600', kld_list: 'coretemp if_bridge nullfs' },
      periodic_conf: { daily_scrub_zfs_enable: 'YES' },
      loader_conf: { 'kern.racct.enable': '1' },
      sysctl: { 'net.inet.ip.forwarding': '1' },
      kernel_modules: ['if_bridge', 'nullfs'],
      reboot_needed: ['kern.racct.enable'],
    })
  })

  test('rctl-1 a tunable of the loader counts after a reboot, and that is said until then', async () => {
    const host = hostWith()
    const warning = 'kern.racct.enable holds after a reboot: this kernel was booted without it.'
    expect(await converged(host, options)).toMatchObject({
      warnings: [warning],
      msg: "the host's settings: 6 steps; a reboot is needed for kern.racct.enable",
    })
    expect(await converged(host, options)).toMatchObject({ changed: false, warnings: [warning] })
    await host.boot()
    expect(await converged(host, options)).toMatchObject({
      changed: false,
      warnings: [],
      state: { reboot_needed: [] },
      msg: "the host's settings: as wanted",
    })
    expect(host.outside('sysctl', '-n', 'kern.racct.enable').stdout).toBe('1\n')
  })

  test('after a reboot all is as before: nothing to do', async () => {
    const host = hostWith()
    await converged(host, options)
    await host.boot()
    expect(host.outside('kldstat', '-q', '-m', 'if_bridge').exit).toBe(0)
    expect(await converged(host, options)).toMatchObject({ changed: false, steps: [] })
  })

  test('no change is one sysctl, one kldstat and one kenv; files are no process', async () => {
    const host = hostWith()
    await converged(host, options)
    const before = host.counts
    await converged(host, options)
    const after = Object.entries(host.counts).map(([program, count]) => [program, count - (before[program] ?? 0)])
    expect(Object.fromEntries(after.filter(([, count]) => count !== 0))).toEqual({ sysctl: 1, kldstat: 1, kenv: 1 })

    const quiet = hostWith()
    await converged(quiet, { rc_conf: { a: 1 }, periodic_conf: { b: 2 }, loader_conf: { autoboot_delay: 2 } })
    expect(quiet.counts).toEqual({})
  })
})

describe('files', () => {
  test('a name is changed where it stands: rc.conf.local, a folder of the loader, sysctl.conf.local', async () => {
    const host = hostWith({
      '/etc/rc.conf.local': 'jail_enable="NO"\n',
      '/boot/loader.conf.d/site.conf': '# site\nkern.racct.enable=0 # saves a little\n',
      '/boot/loader.conf.d/README': 'kern.racct.enable=5\n',
      '/etc/sysctl.conf.local': 'net.inet.ip.forwarding: 0\n',
    })
    await converged(host, {
      rc_conf: { jail_enable: true },
      loader_conf: { 'kern.racct.enable': 1 },
      sysctl: { 'net.inet.ip.forwarding': 1 },
    })
    expect(host.tree.read('/etc/rc.conf.local')).toBe('jail_enable="YES"\n')
    expect(host.tree.read('/boot/loader.conf.d/site.conf')).toBe('# site\nkern.racct.enable="1" # saves a little\n')
    expect(host.tree.read('/boot/loader.conf.d/README')).toBe('kern.racct.enable=5\n')
    expect(host.tree.read('/etc/sysctl.conf.local')).toBe('net.inet.ip.forwarding=1\n')
    expect(host.tree.read('/boot/loader.conf')).toBe('zfs_load="YES"\n')
  })

  test('a service has a file of its own, and the folder is made where it is missing', async () => {
    const host = hostWith()
    const report = await converged(host, { rc_conf_d: { jail: { jail_reverse_stop: true }, pf: { pf_flags: null } } })
    expect(report.steps).toEqual(['mkdir -m 0755 /etc/rc.conf.d', 'write /etc/rc.conf.d/jail'])
    expect(report.state).toEqual({ rc_conf_d: { jail: { jail_reverse_stop: 'YES' }, pf: {} } })
  })

  test('lists keep the words of others', async () => {
    const host = hostWith({ '/etc/rc.conf': 'cloned_interfaces="lo1 vlan7"\n' })
    const options = { rc_conf_add: { cloned_interfaces: ['bridge0'] }, rc_conf_remove: { cloned_interfaces: 'vlan7' } }
    await converged(host, options)
    expect(host.tree.read('/etc/rc.conf')).toBe('cloned_interfaces="lo1 bridge0"\n')
    expect(await converged(host, options)).toMatchObject({ changed: false })
  })

  test('null takes a name out of the file; a value of the kernel stays until the next boot', async () => {
    const host = hostWith({ '/etc/sysctl.conf': 'net.inet.ip.forwarding=1\n' })
    const report = await converged(host, { sysctl: { 'net.inet.ip.forwarding': null } })
    expect(report).toMatchObject({ steps: ['write /etc/sysctl.conf'], state: { sysctl_conf: {} } })
    expect(host.tree.read('/etc/sysctl.conf')).toBe('')
  })

  test('options as `ansible -m … -a` gives them', async () => {
    const host = hostWith()
    await converged(host, { rc_conf: 'a=1,b=two', rc_conf_add: '{"c": "x,y"}', kernel_modules: 'nullfs' })
    expect(host.tree.read('/etc/rc.conf')).toBe('a="1"\nb="two"\nc="x y"\nkld_list="nullfs"\n')
  })
})

describe('the running kernel', () => {
  test('a value that only a module brings is set after the module is loaded', async () => {
    const host = hostWith()
    const { query } = host
    const name = 'net.link.bridge.pfil_member'
    const hide = (stdout: string) => stdout.replace(new RegExp(`^${name}.*\n`, 'm'), '')
    const isLoaded = () => host.outside('kldstat', '-q', '-m', 'if_bridge').exit === 0
    host.query = async (command, options) => {
      const answer = await query(command, options)
      return isLoaded() ? answer : { ...answer, stdout: hide(answer.stdout) }
    }
    const options = { kernel_modules: ['if_bridge'], sysctl: { [name]: 0 } }
    const foretold = await converged(host, options, check)
    const report = await converged(host, options)
    expect(report.steps.slice(0, 2)).toEqual(['kldload -n if_bridge', `sysctl ${name}=0`])
    expect(foretold.steps).toEqual(report.steps)
    expect(await converged(host, options)).toMatchObject({ changed: false })
  })

  test('a value that is already so is written down for the next boot, and not set again', async () => {
    const host = hostWith()
    expect((await converged(host, { sysctl: { 'net.inet.ip.forwarding': 0 } })).steps).toEqual([
      'write /etc/sysctl.conf',
    ])
  })

  test('a value that the kernel does not take as it is fails, and is not set by every run', async () => {
    const host = hostWith()
    const { perform } = host
    host.perform = async step => {
      await perform(step)
      if (step.kind === 'run') host.outside('sysctl', 'kern.maxfiles=65536')
    }
    await expect(converged(host, { sysctl: { 'kern.maxfiles': 65530 } })).rejects.toThrow(
      'kern.maxfiles was set to 65530 and is 65536: the kernel allows only some values. Ask for one of these.',
    )
  })

  test('host-7 modules: loaded ones are left alone, one that does not exist is told', async () => {
    const host = hostWith()
    expect((await converged(host, { kernel_modules: ['nullfs', 'if_epair', 'pf'] })).steps[0]).toBe(
      'kldload -n if_epair pf',
    )
    expect(await refusal(host, { kernel_modules: ['nosuch'] })).toContain(
      "There is no such module in the kernel's module path",
    )
    expect(host.tree.read('/etc/rc.conf')).not.toContain('nosuch')
  })
})
