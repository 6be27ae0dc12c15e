/** Each role alone, as in somebody else's repository. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ansible, type Ran } from '../support/ansible.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'
import { type MirrorSite, startMirrorSite } from '../support/mirror-site.ts'
import { essenceOf } from '../support/task-rows.ts'

let site: MirrorSite
let hosts: Hosts
beforeAll(async () => {
  site = await startMirrorSite()
  hosts = await startHosts(['alone'])
})
afterAll(async () => {
  await hosts.stop()
  await site.mirror.close()
})

async function role(name: string, vars: object, ...flags: string[]): Promise<Ran> {
  return play({ become: true, roles: [{ role: `bluejail.hosting.${name}`, ...vars }] }, ...flags)
}
async function play(given: object, ...flags: string[]): Promise<Ran> {
  const file = join(hosts.directory, 'play.yml')
  writeFileSync(file, JSON.stringify([{ hosts: 'alone', gather_facts: false, ...given }]))
  return ansible('ansible-playbook', ['-i', hosts.inventory, file, ...flags], { core: '2.19' })
}
const changedTasks = ({ rows }: Ran) => rows.flatMap(({ task, result }) => (result.changed ? [task] : []))
const lines = async (command: string) => (await hosts.host.run(command)).stdout.trimEnd().split('\n')

const site1 = { root: 'zroot/elsewhere', mountpoint: '/elsewhere' }
const under = (name: string) => ({ [`${name}_root`]: site1.root, [`${name}_mountpoint`]: site1.mountpoint })

const HOST = {
  ...under('host'),
  host_bridges: [{ name: 'bridge7', addresses: ['10.9.0.1/24'] }],
  host_rc_conf: { sendmail_enable: 'NONE' },
  host_python_packages: [],
}

test('host: with a root of its own and a bridge', async () => {
  const ran = await role('host', HOST)
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  expect(await lines('zfs list -H -r -o mountpoint zroot/elsewhere')).toEqual([
    ...['/elsewhere', '/elsewhere/blueprints', '/elsewhere/instances', '/elsewhere/shared'],
  ])
  expect(await lines('ifconfig bridge7')).toContainEqual(expect.stringContaining('inet 10.9.0.1'))
  expect(await lines('sysrc -n sendmail_enable cloned_interfaces rcshutdown_timeout')).toEqual([
    'NONE',
    'bridge7:sticky',
    '390',
  ])
  expect(changedTasks(await role('host', HOST))).toEqual([])
})

const blueprint = () => ({
  ...under('blueprint'),
  blueprint_base: site.vars.blueprint_base,
  blueprint_blueprints: [{ name: 'bare', release: '14.2-RELEASE' }],
})

test('blueprint: without the role host’s variables', async () => {
  const vars = blueprint()
  const ran = await role('blueprint', vars)
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  expect(await lines('ls /elsewhere/blueprints')).toEqual(['bare'])
  expect(changedTasks(await role('blueprint', vars))).toEqual([])
})

const INSTANCE = {
  ...under('instance'),
  instance_bridge: 'bridge7',
  instance_gateways: ['10.9.0.1'],
  instance_instances: [
    {
      id: 'web1',
      blueprint: 'bare',
      hostname: 'web1.example.net',
      addresses: ['10.9.0.11/24'],
      databases: ['postgresql'],
      writable: [{ path: 'var/spool', dataset: 'spool', properties: { compression: 'zstd' } }],
      mail_to: 'anna@example.net',
      rc_conf: { cron_enable: false },
      login: { name: 'anna', uid: 1001, authorized_keys: ['ssh-ed25519 AAAA anna'] },
      files: [{ path: 'etc/motd.template', content: 'Welcome.\n' }],
    },
  ],
}

test('instance: with another layout, a login, and nothing of the inventory', async () => {
  const ran = await role('instance', INSTANCE)
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  const root = '/elsewhere/instances/web1/root'
  expect(await lines(`cat ${root}/etc/rc.conf`)).toEqual([
    'hostname="web1.example.net"',
    'sshd_enable="YES"',
    'syslogd_flags="-ss"',
    'cron_enable="NO"',
  ])
  expect(await lines(`stat -c '%a %u %g' ${root}/home/anna/.ssh ${root}/home/anna/.ssh/authorized_keys`)).toEqual([
    '700 1001 1001',
    '600 1001 1001',
  ])
  expect(await lines(`tail -1 ${root}/etc/mail/aliases; cat ${root}/etc/motd.template; jls name`)).toEqual([
    ...['root: anna@example.net', 'Welcome.', 'web1'],
  ])
  expect(await lines('zfs get -H -o value compression zroot/elsewhere/instances/web1/spool')).toEqual(['zstd'])
  const database = 'zroot/elsewhere/instances/web1/var-db-postgres'
  expect(await lines(`zfs get -H -o value recordsize,primarycache ${database}`)).toEqual(['8K', 'all'])
  expect(changedTasks(await role('instance', INSTANCE))).toEqual([])
})

test('a login as root needs no become, and finds all as it was left', async () => {
  const login = join(hosts.directory, 'root.json')
  writeFileSync(login, JSON.stringify({ all: { hosts: { alone: hosts.host.inventoryVars('root') } } }))
  const wishes = { host: HOST, blueprint: blueprint(), instance: INSTANCE }
  const roles = Object.entries(wishes).map(([name, vars]) => ({ role: `bluejail.hosting.${name}`, ...vars }))
  const ran = await play({ roles }, '-i', login)
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  expect(ran.rows.length).toBeGreaterThan(Object.keys(wishes).length)
  expect(changedTasks(ran)).toEqual([])
})

test('instance: one whose customer stands in the way is told in the end, and the others are made', async () => {
  const vars = {
    ...under('instance'),
    instance_defaults: { blueprint: 'bare', mounts: [{ path: 'home/files', shared: 'files' }] },
    instance_bridge: 'bridge7',
    instance_gateways: ['10.9.0.1'],
    instance_instances: [
      { id: 'web1', databases: ['postgresql'], addresses: ['10.9.0.11/24'] },
      { id: 'web2', addresses: ['10.9.0.12/24'], after: ['web1'] },
    ],
  }
  await hosts.host.run('zfs create zroot/elsewhere/shared/files; jexec web1 /bin/sh -c "ln -s /etc /home/files"')
  const ran = await role('instance', vars)
  expect(ran.exit).toBe(2)
  expect(ran.rows.at(-1)?.result.msg).toMatch(/^instance_mounts: web1: \S*home\/files is a symbolic link/)
  expect(await lines('jls name | sort; mount | grep -c web2/root/home/files')).toEqual(['web1', 'web2', '1'])
  expect(await lines('sysrc -n jail_list jail_parallel_start')).toEqual(['web1 web2', 'NO'])
  const later = await role('instance', { ...vars, instance_tells_later: true })
  expect([later.exit, changedTasks(later)]).toEqual([0, []])
})

describe('instance_absent.yml', () => {
  const absent = (id: string, vars: object, ...more: string[]) => {
    const given = JSON.stringify({ target: 'alone', instance: id, confirm: id, ...under('instance'), ...vars })
    return ansible('ansible-playbook', [
      'bluejail.hosting.instance_absent',
      '-i',
      hosts.inventory,
      '-e',
      given,
      ...more,
    ])
  }

  test('an instance goes only when its id is repeated, and its data stay', async () => {
    const refused = await absent('web2', { confirm: 'web1' })
    expect(refused.exit).toBe(2)
    expect(refused.rows.at(-1)?.result.msg).toContain('Nothing was done.')
    await hosts.host.run('echo jail:web2:maxproc:deny=9 >> /etc/rctl.conf')
    const foretold = await absent('web2', {}, '--check')
    expect(await lines('jls name | sort')).toEqual(['web1', 'web2'])
    const gone = await absent('web2', {})
    expect(gone.exit, gone.stdout + gone.stderr).toBe(0)
    expect(essenceOf(foretold.rows)).toEqual(essenceOf(gone.rows))
    const left =
      'jls name; ls /etc/jail.conf.d; mount | grep -c web2/root; ifconfig -l | grep -c web2; sysrc -n jail_list'
    expect(await lines(left)).toEqual(['web1', 'web1.conf', '0', '0', 'web1'])
    expect(await lines('zfs list -H -o name zroot/elsewhere/instances/web2/etc; grep -c web2 /etc/rctl.conf')).toEqual([
      ...['zroot/elsewhere/instances/web2/etc', '0'],
    ])
    expect(changedTasks(await absent('web2', {}))).toEqual([])
  })

  test('what somebody holds is told before anything is stopped, and ways back of switches are ours', async () => {
    const own = 'zroot/elsewhere/instances/web1'
    await hosts.host.run(`zfs snapshot -r ${own}@switch-20261101T120000Z; zfs snapshot ${own}/etc@kept`)
    await hosts.host.run(`zfs hold -r bluejail ${own}@switch-20261101T120000Z; zfs hold backup ${own}/etc@kept`)
    const held = await absent('web1', { destroy_datasets: true })
    expect(held.rows.at(-1)?.result.msg).toContain(`${own} cannot be destroyed: ${own}/etc@kept is held (backup).`)
    expect(changedTasks(held)).toEqual([])
    await hosts.host.run(`zfs release backup ${own}/etc@kept`)
    const foretold = await absent('web1', { destroy_datasets: true }, '--check')
    expect(await lines('jls name')).toEqual(['web1'])
    const gone = await absent('web1', { destroy_datasets: true })
    expect(gone.exit, gone.stdout + gone.stderr).toBe(0)
    expect(essenceOf(foretold.rows)).toEqual(essenceOf(gone.rows))
    expect(await lines('ls /elsewhere/instances/web1; zfs list -H -o name -d 1 zroot/elsewhere/instances')).toEqual([
      ...['zroot/elsewhere/instances', 'zroot/elsewhere/instances/web2'],
    ])
  })
})

test.each([
  ['host', { host_datasets: 5 }],
  ['blueprint', { blueprint_blueprints: 'bare' }],
  ['instance', { instance_instances: [{ id: 'web1', blueprnt: 'bare' }] }],
])('%s: a variable of the wrong form is refused before the host is asked', async (name, vars) => {
  const ran = await role(name, vars)
  expect(ran.rows).toHaveLength(1)
  expect(ran.rows[0]).toMatchObject({ status: 'failed', result: { msg: expect.stringContaining('argument') } })
})

test('a host without node is reported and left out when checking, and gets it when run', async () => {
  const { url } = site.vars.blueprint_repository as { url: string }
  await hosts.host.run(
    `mkdir -p /usr/local/etc/pkg/repos && echo 'site: { url: "${url}", signature_type: "none" }' > /usr/local/etc/pkg/repos/site.conf`,
  )
  const lists = { host_node_packages: ['nginx'], host_python_packages: ['python311'], host_packages: ['ca_root_nss'] }
  const vars = { ...under('host'), ...lists }
  const elsewhere = ['-e', 'ansible_node_interpreter=/usr/local/bin/node-of-tomorrow']
  const checked = await role('host', vars, '--check', ...elsewhere)
  expect(checked.exit, checked.stdout + checked.stderr).toBe(0)
  expect(changedTasks(checked)).toEqual(['bluejail.hosting.host : Install packages'])
  expect(checked.rows.at(-1)?.result.msg).toBe(
    'alone: nginx, python311, ca_root_nss would be installed. Without node nothing more can be foretold, so this host is left out of the rest.',
  )

  // With pipelining it goes by chance whether Ansible calls a host without its interpreter failed or unreachable.
  const ran = await role('host', vars, ...elsewhere, '-e', 'ansible_pipelining=false')
  expect(changedTasks(ran)).toEqual(['bluejail.hosting.host : Install packages'])
  expect(await lines('pkg query %n')).toEqual(expect.arrayContaining(['ca_root_nss', 'nginx', 'python311']))
  // No package of the mirror brings that program, so the first module cannot start.
  expect(ran.rows.at(-1)).toMatchObject({ status: 'failed' })
})

test('packages that the host lacks are installed, and foretold without leaving it out', async () => {
  await hosts.host.run('pkg delete -y nginx python311')
  const vars = {
    ...under('host'),
    host_python_packages: ['python311'],
    host_packages: ['ca_root_nss', 'nginx'],
  }
  const python = ['-e', 'ansible_python_interpreter=/usr/local/bin/python3.11']
  const checked = await role('host', vars, '--check', ...python)
  const ran = await role('host', vars, ...python)
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  expect(changedTasks(ran)).toEqual(['bluejail.hosting.host : Install packages'])
  expect(changedTasks(checked)).toEqual(changedTasks(ran))
  expect(checked.rows.find(({ result }) => result.changed)?.result.msg).toBe(
    'alone: python311, nginx would be installed.',
  )
  expect(changedTasks(await role('host', vars, ...python))).toEqual([])
})
