/** A running instance whose configuration changes: at once where the kernel can, else with a restart. */
import { describe, expect, test } from 'vitest'
import { checked, converged, jailHost, ON_BRIDGE, tracesOf } from '../support/jail-host.ts'

const CONF = '/etc/jail.conf.d/web1.conf'
const RULES = '/etc/pf.hosting.d/web1.conf'
const parameter = (host: Awaited<ReturnType<typeof jailHost>>, name: string) =>
  host.outside('jls', '-j', 'web1', name).stdout.trim()

async function running(options: object = {}) {
  const host = await jailHost()
  await converged(host, { id: 'web1', ...ON_BRIDGE, ...options })
  const [, bridge = ''] = /(hosting0): flags/.exec(host.outside('ifconfig').stdout) ?? []
  expect(bridge).toBe('hosting0')
  return host
}

describe('while it runs', () => {
  test('jail-10: parameters of the kernel are set in one command, and written for the next start', async () => {
    const host = await running()
    const options = {
      id: 'web1',
      ...ON_BRIDGE,
      parameters: { 'children.max': 2, 'allow.mlock': true, sysvshm: 'new', 'stop.timeout': 60 },
    }
    const foretold = await checked(host, options)
    const report = await converged(host, options)
    expect(report.steps).toEqual(['jail -m name=web1 allow.mlock children.max=2 sysvshm=new', `write ${CONF}`])
    expect(foretold.steps).toEqual(report.steps)
    expect(report).toMatchObject({ msg: 'web1: configured', warnings: [] })
    expect([parameter(host, 'children.max'), parameter(host, 'allow.mlock'), parameter(host, 'sysvshm')]).toEqual([
      '2',
      'true',
      'new',
    ])
    expect(await converged(host, options)).toMatchObject({ changed: false, warnings: [] })
  })

  test('one that is no longer asked for goes back to its default', async () => {
    const host = await running({ parameters: { 'allow.mlock': true, 'allow.set_hostname': false } })
    const report = await converged(host, { id: 'web1', ...ON_BRIDGE })
    expect(report.steps[0]).toBe('jail -m name=web1 allow.nomlock allow.set_hostname')
    expect(parameter(host, 'allow.mlock')).toBe('false')
  })

  test('one that a customer can make another inside goes back when it is dropped, and is then left to him', async () => {
    const host = await running({ parameters: { 'host.domainname': 'nis.example.net', 'host.hostid': 77 } })
    const options = { id: 'web1', ...ON_BRIDGE }
    const foretold = await checked(host, options)
    const report = await converged(host, options)
    expect(report.steps).toEqual(['jail -m name=web1 host.domainname= host.hostid=0', `write ${CONF}`])
    expect(foretold.steps).toEqual(report.steps)
    expect(parameter(host, 'host.domainname')).toBe('""')
    host.outside('jail', '-m', 'name=web1', 'host.domainname=mine.example.net')
    expect(await converged(host, options)).toMatchObject({ changed: false, warnings: [] })
  })

  test('one that somebody else changed is put right', async () => {
    const host = await running()
    host.outside('jail', '-m', 'name=web1', 'enforce_statfs=0')
    expect((await converged(host, { id: 'web1', ...ON_BRIDGE })).steps).toEqual(['jail -m name=web1 enforce_statfs=1'])
  })

  test('net-1: an interface that was taken off its bridge is put back', async () => {
    const host = await running()
    host.outside('ifconfig', 'hosting0', 'deletem', 'e0a_web1')
    const report = await converged(host, { id: 'web1', ...ON_BRIDGE })
    expect(report.steps).toEqual([
      expect.stringMatching(
        /^ifconfig hosting0 addm e0a_web1 -learn e0a_web1 flush private e0a_web1 .* ifmaxaddr e0a_web1 1 learn e0a_web1$/,
      ),
    ])
    expect(await converged(host, { id: 'web1', ...ON_BRIDGE })).toMatchObject({ changed: false })
  })

  test('the CPUs it is held to change at once, and are the same after a restart and a reboot', async () => {
    const host = await running({ cpus: '0' })
    const mask = () => /mask: (.*)/.exec(host.outside('cpuset', '-g', '-j', 'web1').stdout)?.[1]
    expect(mask()).toBe('0')
    host.boot()
    expect(mask()).toBe('0')
    const options = { id: 'web1', ...ON_BRIDGE, cpus: '1' }
    const foretold = await checked(host, options)
    expect(await converged(host, options)).toMatchObject({
      steps: ['cpuset -l 1 -j web1', `write ${CONF}`],
      msg: 'web1: configured',
    })
    expect(foretold.steps).toEqual(['cpuset -l 1 -j web1', `write ${CONF}`])
    await converged(host, { ...options, state: 'restarted' })
    expect(mask()).toBe('1')
    expect(await converged(host, { id: 'web1', configure: false })).toMatchObject({ changed: false })
    expect((await converged(host, { id: 'web1', ...ON_BRIDGE })).steps).toEqual([
      'cpuset -l all -j web1',
      `write ${CONF}`,
    ])
    expect(mask()).toBe('0, 1')
  })

  test('commands that are given for after its start come behind those of ours', async () => {
    const host = await running({ cpus: '0-1', parameters: { 'exec.poststart': 'true' } })
    expect(host.tree.read(CONF)).toContain('  exec.poststart = "cpuset -l 0-1 -j web1";\n  exec.poststart += true;\n')
  })

  test('what only matters when it starts or stops is written, and nothing is pending', async () => {
    const host = await running()
    const report = await converged(host, {
      id: 'web1',
      ...ON_BRIDGE,
      hostname: 'other',
      parameters: { 'exec.poststart': 'true' },
    })
    expect(report).toMatchObject({ steps: [`write ${CONF}`], warnings: [] })
  })
})

describe('what only a restart changes', () => {
  const otherAddress = { interfaces: [{ bridge: 'hosting0', addresses: ['10.66.0.12/24'] }] }

  test('is pending, run after run, and told', async () => {
    const host = await running()
    const options = {
      id: 'web1',
      ...otherAddress,
      parameters: { devfs_ruleset: 5, 'mount.fdescfs': null, securelevel: -1 },
    }
    const first = await converged(host, options)
    expect(first.steps).toEqual([`write ${RULES}`, `write ${CONF}`])
    const pending = ['devfs_ruleset', 'mount.fdescfs', 'vnet0']
    expect(first.state).toMatchObject({ instances: { web1: { pending } } })
    const second = await converged(host, options)
    expect(second).toMatchObject({ changed: false, state: { instances: { web1: { pending } } } })
    expect(second.warnings).toEqual([
      'web1 runs with what it was started with where its configuration is another by now: devfs_ruleset, mount.fdescfs, vnet0. A restart changes that (`restart: true`).',
    ])
  })

  test('one that is dropped, and of which only the host knows what it would be, is pending', async () => {
    const host = await running({ parameters: { osrelease: '13.2-RELEASE', osreldate: 1302000 } })
    const options = { id: 'web1', ...ON_BRIDGE }
    const foretold = await checked(host, { ...options, restart: true })
    const { state, steps } = await converged(host, options)
    expect(state).toMatchObject({ instances: { web1: { pending: ['osreldate', 'osrelease'] } } })
    expect(steps).toEqual([`write ${CONF}`])
    expect(foretold.msg).toBe('web1: restarted')
  })

  test('restart: true brings it about, once', async () => {
    const host = await running()
    const options = { id: 'web1', ...otherAddress, restart: true }
    const foretold = await checked(host, options)
    const report = await converged(host, options)
    expect(report.steps).toEqual([
      ...[`jail -f ${CONF} -r web1`, `write ${RULES}`, `write ${CONF}`, `jail -f ${CONF} -c web1`],
    ])
    expect(foretold.steps).toEqual(report.steps)
    expect(report).toMatchObject({
      msg: 'web1: restarted',
      warnings: [],
      state: { instances: { web1: { pending: [] } } },
    })
    expect(host.outside('ifconfig', '-j', 'web1', 'vnet0').stdout).toContain('inet 10.66.0.12')
    expect(await converged(host, options)).toMatchObject({ changed: false })
  })

  test('an interface more and one less', async () => {
    const host = await running()
    const two = {
      id: 'web1',
      interfaces: [...ON_BRIDGE.interfaces, { bridge: 'hosting0' }],
      gateways: ON_BRIDGE.gateways,
    }
    expect((await converged(host, two)).state).toMatchObject({ instances: { web1: { pending: ['vnet1'] } } })
    await converged(host, { ...two, state: 'restarted' })
    expect((await converged(host, { id: 'web1', ...ON_BRIDGE })).state).toMatchObject({
      instances: { web1: { pending: ['vnet1'] } },
    })
    await converged(host, { id: 'web1', ...ON_BRIDGE, restart: true })
    expect(tracesOf(host, 'web1').interfaces).toEqual(['e0a_web1'])
  })

  test('the mounts that instance_mounts wants are taken over between stop and start', async () => {
    const host = await running()
    const places = '/hosting/instances/web1'
    const fstab = host.tree.read(`${places}/fstab`) ?? ''
    host.tree.write(`${places}/fstab.next`, fstab.replace(/.*\/tmp .*\n/, ''))
    const options = { id: 'web1', ...ON_BRIDGE }
    expect((await converged(host, options)).state).toMatchObject({ instances: { web1: { pending: ['mount.fstab'] } } })
    const before = tracesOf(host, 'web1').mounts
    const report = await converged(host, { ...options, restart: true })
    expect(report.steps).toEqual([
      `jail -f ${CONF} -r web1`,
      `mv ${places}/fstab.next ${places}/fstab`,
      `jail -f ${CONF} -c web1`,
    ])
    expect(tracesOf(host, 'web1').mounts).toBe(before - 1)
  })

  test('System V memory is given while it runs, and taken only by a restart', async () => {
    const host = await running({ parameters: { sysvshm: 'new' } })
    expect((await converged(host, { id: 'web1', ...ON_BRIDGE })).state).toMatchObject({
      instances: { web1: { pending: ['sysvshm'] } },
    })
  })

  test('a present one that runs is restarted too where that is asked for', async () => {
    const host = await running()
    const report = await converged(host, { id: 'web1', ...otherAddress, state: 'present', restart: true })
    expect(report).toMatchObject({ msg: 'web1: restarted' })
    expect(tracesOf(host, 'web1').runs).toBe(true)
  })
})
