/** What each state comes to on a host in memory. */
import { describe, expect, test } from 'vitest'
import { checked, converged, failing, jailHost, NOTHING, ON_BRIDGE, tracesOf } from '../support/jail-host.ts'

const CONF = '/etc/jail.conf.d/web1.conf'
const RULES = '/etc/pf.hosting.d/web1.conf'
const START = `jail -f ${CONF} -c web1`
const STOP = `jail -f ${CONF} -r web1`

describe('started', () => {
  test('jail-5: configured, wired and started; foretold by check mode; a second time nothing', async () => {
    const host = await jailHost()
    const options = { id: 'web1', ...ON_BRIDGE }
    const foretold = await checked(host, options)
    const report = await converged(host, options)
    expect(report.steps).toEqual([
      'mkdir -p /usr/local/etc/rc.d',
      'write /usr/local/etc/rc.d/bluejail_stop',
      'mkdir -m 0755 /etc/jail.conf.d',
      'mkdir -m 0755 /etc/pf.hosting.d',
      `write ${RULES}`,
      `write ${CONF}`,
      'sysrc jail_list=web1 jail_enable=YES',
      START,
    ])
    expect(foretold.steps).toEqual(report.steps)
    expect(report.state).toMatchObject({ instances: { web1: { running: true, jid: '1', boot: true, pending: [] } } })
    expect(tracesOf(host, 'web1')).toMatchObject({ runs: true, interfaces: ['e0a_web1'] })
    expect(await converged(host, options)).toMatchObject({ changed: false, msg: 'web1: as wanted' })
  })

  test('its console log is beside its root, and one that a service has filled is emptied before a start by anybody', async () => {
    const host = await jailHost()
    await converged(host, { id: 'web1' })
    const log = '/hosting/instances/web1/console.log'
    expect(host.tree.read(log)).toContain('Starting cron.')
    host.outside('service', 'jail', 'restart', 'web1')
    expect(host.tree.read(log)).toMatch(/^Starting syslogd[\s\S]*Stopping[\s\S]*Starting/)
    host.tree.write(log, 'y\n'.repeat(8 * 1024 ** 2 + 1))
    host.outside('service', 'jail', 'restart', 'web1')
    expect(host.tree.read(log)).toMatch(/^Starting syslogd/)
    expect(tracesOf(host, 'web1').runs).toBe(true)
  })

  test('elsewhere, its directory is closed to others, and the log is the operator’s affair', async () => {
    const host = await jailHost()
    const report = await converged(host, { id: 'web1', parameters: { 'exec.consolelog': '/var/log/jails/web1.log' } })
    expect(report.steps).toContain('mkdir -m 0700 /var/log/jails')
    expect(host.tree.read(CONF)).not.toContain('find ')
  })

  test('net-2, live-17: addresses of both families and the route are inside', async () => {
    const host = await jailHost()
    await converged(host, { id: 'web1', ...ON_BRIDGE, gateways: ['10.66.0.1', 'fd00:66::1'] })
    const inside = host.outside('ifconfig', '-j', 'web1', '-f', 'inet:cidr,inet6:cidr', 'vnet0').stdout
    expect(inside).toMatch(/inet 10\.66\.0\.11\/24/)
    expect(inside).toMatch(/inet6 fd00:66::11\/64/)
    expect(inside).toMatch(/ether 02:/)
    expect(host.outside('route', '-j', 'web1', '-n', 'get', 'default').stdout).toContain('10.66.0.1')
  })

  test('net-3: after a restart the link addresses are the same', async () => {
    const host = await jailHost()
    const ethers = () => host.outside('ifconfig').stdout.match(/ether \S+/g)
    await converged(host, { id: 'web1', ...ON_BRIDGE })
    const before = ethers()
    await converged(host, { id: 'web1', ...ON_BRIDGE, state: 'restarted' })
    expect(ethers()).toEqual(before)
  })

  test('jail-9: the host name that its own rc.conf gave it is left to it', async () => {
    const host = await jailHost()
    await converged(host, { id: 'web1', hostname: 'web1.example.net' })
    host.outside('jail', '-m', 'name=web1', 'host.hostname=shop.example.net')
    expect(await converged(host, { id: 'web1', hostname: 'web1.example.net' })).toMatchObject({
      changed: false,
      warnings: [],
    })
  })

  test('live-8: what a customer makes of the addresses inside is not fought over', async () => {
    const host = await jailHost()
    await converged(host, { id: 'web1', ...ON_BRIDGE })
    host.outside('ifconfig', '-j', 'web1', 'vnet0', 'ether', '02:00:00:00:00:99')
    expect(await converged(host, { id: 'web1', ...ON_BRIDGE })).toMatchObject({ changed: false, warnings: [] })
  })

  test('live-8: it is kept from its neighbours, and its link address from being another', async () => {
    const host = await jailHost()
    await converged(host, {
      id: 'web1',
      interfaces: [{ bridge: 'hosting0', ether: '02:00:00:00:00:01' }],
    })
    const bridge = host.outside('ifconfig', 'hosting0').stdout
    expect(bridge).toMatch(/member: e0a_web1 flags=\w+<[^>]*PRIVATE/)
    expect(bridge).toMatch(/member: e0a_web1 flags=\w+<LEARNING,PRIVATE,[^>]*>\n\s+ifmaxaddr 1 /)
    expect(host.outside('ifconfig', 'hosting0', 'addr').stdout).toContain('02:00:00:00:00:01')
  })

  test('several interfaces, and the network of the host', async () => {
    const host = await jailHost({ ids: ['web1', 'web2'] })
    const instances = [
      { id: 'web1', interfaces: [11, 12].map(n => ({ bridge: 'hosting0', addresses: [`10.66.0.${n}/24`] })) },
      { id: 'web2', parameters: { ip4: 'inherit' } },
    ]
    await converged(host, { instances })
    expect(host.outside('ifconfig', '-j', 'web1', '-l').stdout).toBe('lo0 vnet0 vnet1\n')
    expect(host.outside('jls', '-j', 'web2', 'vnet').stdout).toBe('inherit\n')
    expect(await converged(host, { instances })).toMatchObject({ changed: false, warnings: [] })
  })
})

describe('stopped', () => {
  test('nothing of it runs, is mounted or on the network; it stays configured', async () => {
    const host = await jailHost()
    await converged(host, { id: 'web1', ...ON_BRIDGE })
    const options = { id: 'web1', ...ON_BRIDGE, state: 'stopped' }
    const foretold = await checked(host, options)
    expect(await converged(host, options)).toMatchObject({ steps: [STOP], msg: 'web1: stopped', warnings: [] })
    expect(foretold.steps).toEqual([STOP])
    expect(tracesOf(host, 'web1')).toEqual(NOTHING)
    expect(host.tree.read(CONF)).toContain('web1 {')
    expect(await converged(host, options)).toMatchObject({ changed: false })
  })

  test('jail-3: it is stopped with the file it was started with, and that is changed afterwards', async () => {
    const host = await jailHost()
    await converged(host, { id: 'web1', interfaces: ['hosting0', 'hosting0'] })
    const report = await converged(host, { id: 'web1', interfaces: ['hosting0'], state: 'stopped' })
    expect(report.steps).toEqual([STOP, `write ${RULES}`, `write ${CONF}`])
    expect(tracesOf(host, 'web1')).toEqual(NOTHING)
  })
})

describe('restarted', () => {
  test('stopped and started, or only started', async () => {
    const host = await jailHost()
    const options = { id: 'web1', ...ON_BRIDGE, state: 'restarted' }
    expect((await converged(host, options)).steps.at(-1)).toBe(START)
    const foretold = await checked(host, options)
    const report = await converged(host, options)
    expect(report).toMatchObject({ steps: [STOP, START], msg: 'web1: restarted' })
    expect(foretold.steps).toEqual(report.steps)
    expect(report.state).toMatchObject({ instances: { web1: { running: true, jid: '2' } } })
  })
})

describe('present', () => {
  test('is configured, and runs or not as before', async () => {
    const host = await jailHost()
    expect(await converged(host, { id: 'web1', state: 'present' })).toMatchObject({ msg: 'web1: configured' })
    expect(tracesOf(host, 'web1')).toEqual(NOTHING)
    await converged(host, { id: 'web1' })
    expect(await converged(host, { id: 'web1', state: 'present' })).toMatchObject({ changed: false })
    expect(tracesOf(host, 'web1').runs).toBe(true)
  })
})

describe('absent', () => {
  test('stopped, no longer started at boot, no longer configured; its data stay', async () => {
    const host = await jailHost({ ids: ['web1', 'web2'] })
    await converged(host, { instances: ['web1', 'web2'], ...{ interfaces: ['hosting0'] } })
    const options = { id: 'web1', state: 'absent' }
    const foretold = await checked(host, options)
    const report = await converged(host, options)
    expect(report).toMatchObject({ msg: 'web1: removed', state: { instances: {}, rc_conf: { jail_list: 'web2' } } })
    expect(report.steps).toEqual(['sysrc jail_list=web2', STOP, `rm ${CONF}`, `rm ${RULES}`])
    expect(foretold.steps).toEqual(report.steps)
    expect(tracesOf(host, 'web1').runs).toBe(false)
    expect(host.tree.lstat(CONF)).toBeUndefined()
    expect(host.outside('zfs', 'list', 'zroot/hosting/instances/web1').exit).toBe(0)
    expect(await converged(host, options)).toMatchObject({ changed: false, msg: 'web1: as wanted' })
  })

  test('with destroy_datasets its data go too, in one command that takes no clones along', async () => {
    const host = await jailHost()
    await converged(host, { id: 'web1' })
    const options = { id: 'web1', state: 'absent', destroy_datasets: true }
    const foretold = await checked(host, options)
    const report = await converged(host, options)
    expect(report.steps).toEqual([
      'sysrc jail_list=',
      STOP,
      `rm ${CONF}`,
      'zfs destroy -r zroot/hosting/instances/web1',
    ])
    expect(foretold.steps).toEqual(report.steps)
    expect(host.outside('zfs', 'list', 'zroot/hosting/instances/web1').exit).toBe(1)
    expect(await converged(host, options)).toMatchObject({ changed: false })
  })

  const DATASET = 'zroot/hosting/instances/web1'

  test('ways back of its switches go with it: they are held by nobody else', async () => {
    const host = await jailHost()
    await converged(host, { id: 'web1' })
    for (const name of ['switch-20261101T120000Z', 'switch-20261115T120000Z']) {
      host.outside('zfs', 'snapshot', '-r', `${DATASET}@${name}`)
      host.outside('zfs', 'hold', '-r', 'bluejail', `${DATASET}@${name}`)
    }
    const options = { id: 'web1', state: 'absent', destroy_datasets: true }
    const foretold = await checked(host, options)
    const report = await converged(host, options)
    expect(report.steps.slice(-2)).toEqual([
      expect.stringMatching(/^zfs release bluejail (\S+@switch-20261101T120000Z \S+@switch-20261115T120000Z ?){9}$/),
      `zfs destroy -r ${DATASET}`,
    ])
    expect(foretold.steps).toEqual(report.steps)
    expect(host.outside('zfs', 'list', DATASET).exit).toBe(1)
  })

  test("nobody else's hold is released, nor ours of another name; each tag is told once, before it is stopped", async () => {
    const host = await jailHost()
    await converged(host, { id: 'web1' })
    host.outside('zfs', 'snapshot', '-r', `${DATASET}@switch-20261101T120000Z`)
    host.outside('zfs', 'hold', '-r', 'bluejail', `${DATASET}@switch-20261101T120000Z`)
    host.outside('zfs', 'snapshot', '-r', `${DATASET}@mine`)
    host.outside('zfs', 'hold', '-r', 'backup', `${DATASET}@mine`)
    host.outside('zfs', 'hold', 'bluejail', `${DATASET}@mine`)
    const before = host.performed.length
    const { message } = await failing(host, { id: 'web1', state: 'absent', destroy_datasets: true })
    expect(message).toBe(
      `${DATASET} cannot be destroyed: 9 snapshots are held (backup): ${DATASET}@mine, ${DATASET}/etc@mine, ${DATASET}/home@mine, …. If they may go: 'zfs release -r backup ${DATASET}@mine'. ` +
        `${DATASET} cannot be destroyed: ${DATASET}@mine is held (bluejail). If it may go: 'zfs release bluejail ${DATASET}@mine'.`,
    )
    expect(host.performed).toHaveLength(before)
  })

  test('what must not be destroyed is refused before it is stopped', async () => {
    const host = await jailHost()
    await converged(host, { id: 'web1' })
    host.outside('zfs', 'snapshot', 'zroot/hosting/instances/web1/var@kept')
    host.outside('zfs', 'hold', 'backup', 'zroot/hosting/instances/web1/var@kept')
    const absent = converged(host, { id: 'web1', state: 'absent', destroy_datasets: true })
    await expect(absent).rejects.toThrow('zroot/hosting/instances/web1/var@kept is held (backup)')
    expect(tracesOf(host, 'web1').runs).toBe(true)
  })
})
