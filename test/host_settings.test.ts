/** What host_settings does to a host, and what it refuses. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { apply, type Conduct, check, converge } from '../modules/core/converge.ts'
import type { Host } from '../modules/core/host.ts'
import hostSettings from '../modules/host_settings.ts'
import { PowerCut } from './imitation/faults.ts'
import { type FakeOptions, fakeFreeBSD } from './support/fake-freebsd.ts'

const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }
const converged = (host: Host, options: object, conduct: Conduct = apply) =>
  converge(hostSettings, options, host, conduct, circumstances)
const refusal = async (host: Host, options: object): Promise<string> => {
  const problem = await converged(host, options).catch((thrown: Error) => thrown)
  if (problem instanceof Error) return problem.message
  throw new Error(`this was not refused: ${JSON.stringify(problem)}`)
}

const RACCT = { 'kern.racct.enable': '0', 'net.inet.ip.forwarding': '0' }
const hostWith = (files: Record<string, string> = {}, more: FakeOptions = {}) =>
  fakeFreeBSD({ files: { '/boot/loader.conf': 'zfs_load="YES"\n', ...files }, sysctls: RACCT, ...more })

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

test('a cut of the power after any number of changes is made good by the next run', async () => {
  const wish = fc.constantFrom<string | number | null>('1', '0', null)
  const tasks = fc.record({
    loader_conf: fc.record({ 'kern.racct.enable': wish, zfs_load: wish }),
    sysctl: fc.record({ 'net.inet.ip.forwarding': fc.constantFrom('1', '0') }),
    rc_conf: fc.record({ hostname: wish, jail_enable: wish }),
    rc_conf_d: fc.record({ jail: fc.record({ jail_flags: wish }) }),
    periodic_conf: fc.record({ daily_output: wish }),
    kernel_modules: fc.subarray(['if_bridge', 'if_epair', 'nullfs']),
  })
  const host = () =>
    hostWith({ '/etc/rc.conf': '# mine\nhostname="hamburg1"\n', '/etc/periodic.conf': 'daily_output="/x"\n' })
  const paths = '/etc/rc.conf /etc/rc.conf.d/jail /etc/periodic.conf /etc/sysctl.conf /boot/loader.conf'.split(' ')
  const looks = (machine: ReturnType<typeof host>) => [
    ...paths.map(path => machine.tree.read(path)),
    machine.outside('sysctl', '-n', 'net.inet.ip.forwarding').stdout,
  ]
  await fc.assert(
    fc.asyncProperty(tasks, fc.nat({ max: 7 }), async (task, changes) => {
      const undisturbed = host()
      await converged(undisturbed, task)

      const cut = host()
      cut.machine.cutPowerAfter(changes + 1)
      const died = await converged(cut, task).then(
        () => false,
        error => error instanceof PowerCut || error.cause instanceof PowerCut,
      )
      if (died) await cut.boot()
      await converged(cut, task)
      expect(looks(cut)).toEqual(looks(undisturbed))
      expect(await converged(cut, task)).toMatchObject({ changed: false })
    }),
    { numRuns: 60 },
  )
})
