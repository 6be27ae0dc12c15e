/** The inventory of instances, and tasks inside them, as a person has both: beside the hosts' own inventory. */
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { collection, root } from '../../build/paths.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { type AnsibleOptions, ansible, cores, quietEnvironment, type Ran } from '../support/ansible.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'

const PROGRAM = join(collection, 'scripts/instances.cjs')
const INSTANCES = {
  north: [
    { id: 'shop', customer: 'Lüneburg & Söhne' },
    { id: 'spare', customer: 'Larsen Boats, Flensburg', blueprint: '2026Q4-php84' },
  ],
  south: [{ id: 'kite', customer: 'luneburg sohne' }],
}

let hosts: Hosts
let north: Sandbox
let inventory: string
let environment: Record<string, string>

beforeAll(async () => {
  hosts = await startHosts(['north', 'south'])
  north = hosts.host
  await startShop()
  inventory = join(hosts.directory, 'fleet')
  mkdirSync(join(inventory, 'group_vars'), { recursive: true })
  mkdirSync(join(inventory, 'host_vars'))
  const { all } = parse(readFileSync(hosts.inventory, 'utf8'))
  writeFileSync(join(inventory, 'hosts.yml'), stringify({ hosting: all, all: { hosts: { other: {} } } }))
  const common = { instance_defaults: { blueprint: '{{ quarter }}-php83' }, quarter: '2026Q4' }
  writeFileSync(join(inventory, 'group_vars/hosting.yml'), stringify(common))
  for (const [name, instances] of Object.entries(INSTANCES))
    writeFileSync(join(inventory, `host_vars/${name}.yml`), stringify({ instances }))
  symlinkSync(PROGRAM, join(inventory, 'instances.cjs'))
  environment = { XDG_CACHE_HOME: join(hosts.directory, 'cache'), ANSIBLE_TIMEOUT: '3' }
})
afterAll(() => hosts.stop())

async function must(command: string, input?: string): Promise<string> {
  const { exit, stdout, stderr } = await north.run(command, input)
  if (exit !== 0) throw new Error(`${command}: ${exit}\n${stdout}${stderr}`)
  return stdout.trim()
}

/** An instance that runs, on another blueprint than its inventory says. */
async function startShop(): Promise<void> {
  await must(`
    zfs create -o mountpoint=/hosting zroot/hosting
    cd /hosting; mkdir -p blueprints/2026Q3-php82 instances/shop/root; chmod 700 instances
    cd blueprints/2026Q3-php82; mkdir -p etc/pam.d dev root tmp
    echo 'root:*:0:0::/root:/bin/sh' > etc/passwd; echo 'www:*:80:80::/nonexistent:/usr/sbin/nologin' >> etc/passwd
    echo 'root:*:0:' > etc/group; echo 'www:*:80:' >> etc/group
    for kind in auth account session; do echo "$kind sufficient pam_permit.so"; done > etc/pam.d/su
    for name in root tmp; do
      zfs create -o mountpoint=legacy zroot/hosting/$name
      echo "zroot/hosting/$name /hosting/instances/shop/root/$name zfs rw 0 0"
    done > /tmp/datasets
    { echo '/hosting/blueprints/2026Q3-php82 /hosting/instances/shop/root nullfs ro 0 0'; cat /tmp/datasets; } \\
      > /hosting/instances/shop/fstab`)
  await must(
    'cat > /etc/shop.conf',
    `shop {
      path = "/hosting/instances/shop/root";
      host.hostname = "shop.example.net";
      mount.fstab = "/hosting/instances/shop/fstab";
      mount.devfs;
      persist;
    }`,
  )
  await must('jail -f /etc/shop.conf -c shop && jexec shop chmod 1777 /tmp')
}

const asked = (more: Record<string, string> = {}) => ({ environment: { ...environment, ...more } })

async function listed(options: AnsibleOptions = asked(), ...args: string[]) {
  const ran = await ansible('ansible-inventory', ['-i', inventory, '--list', ...args], options)
  expect(ran.exit, ran.stderr).toBe(0)
  return { ...JSON.parse(ran.stdout), stderr: ran.stderr }
}

const inside = (args: readonly string[], options: AnsibleOptions = {}) =>
  ansible('ansible', ['-i', inventory, 'shop', ...args], { ...asked(), ...options })

const only = ({ rows, stdout, stderr }: Ran): Record<string, unknown> => {
  expect(rows, stdout + stderr).toHaveLength(1)
  return { status: rows[0]?.status, ...rows[0]?.result }
}

describe('the listing', () => {
  test('has every instance, with what its host says before what the inventory says', async () => {
    const { _meta, stderr } = await listed()
    const { hostvars } = _meta
    expect(Object.keys(hostvars).sort()).toEqual(['kite', 'north', 'shop', 'south', 'spare'])
    expect(hostvars.shop).toMatchObject({
      ansible_connection: 'bluejail.hosting.instance',
      instance_id: 'shop',
      instance_host: 'north',
      instance_blueprint: '2026Q3-php82',
      instance_customer: 'Lüneburg & Söhne',
      instance_running: true,
    })
    expect(hostvars.spare).toMatchObject({ instance_blueprint: '2026Q4-php84', instance_running: false })
    expect(hostvars.kite).toMatchObject({ instance_host: 'south', instance_blueprint: '2026Q4-php83' })
    expect(stderr).toBe('')
  })

  test('has groups by host, blueprint and customer, and never two customers in one', async () => {
    const { hosting, ...groups } = await listed()
    expect(hosting.hosts).toEqual(['north', 'south'])
    expect(groups.instances.hosts.sort()).toEqual(['kite', 'shop', 'spare'])
    expect(groups).toMatchObject({
      instances_running: { hosts: ['shop'] },
      host_north: { hosts: ['shop', 'spare'] },
      host_south: { hosts: ['kite'] },
      blueprint_2026Q3_php82: { hosts: ['shop'] },
      blueprint_2026Q4_php83: { hosts: ['kite'] },
      customer_larsen_boats_flensburg: { hosts: ['spare'] },
    })
    const alike = Object.keys(groups).filter(name => name.startsWith('customer_luneburg_sohne_'))
    expect(alike.map(name => groups[name].hosts[0]).sort()).toEqual(['kite', 'shop'])
  })

  test.each(cores)('is the same for ansible-core %s, and keeps no secret', async core => {
    const { _meta, instances } = await listed({ ...asked({ BLUEJAIL_CACHE_SECONDS: '0' }), core })
    expect(instances.hosts.sort()).toEqual(['kite', 'shop', 'spare'])
    expect(_meta.hostvars.shop.ansible_ssh_private_key_file).toBe(
      '{{ hostvars["north"]["ansible_ssh_private_key_file"] }}',
    )
    expect(cached()).not.toContain(north.keyFile)
  })

  test('a name with braces is no template', async () => {
    await program(['--refresh'])
    writeFileSync(join(inventory, 'host_vars/south.yml'), "instances: [{id: kite, customer: !unsafe '{{ 1 + 1 }}'}]\n")
    for (const core of cores) {
      const ran = await inside(['-m', 'debug', '-a', 'var=hostvars.kite.instance_customer'], { core })
      expect(only(ran)['hostvars.kite.instance_customer']).toBe('{{ 1 + 1 }}')
    }
    rewriteVariables('south', { instances: INSTANCES.south })
  })
})

describe('the cache', () => {
  test('is used while it is young, and hosts are not asked', async () => {
    await program(['--refresh'])
    await north.resetCounts()
    expect((await program()).stdout).toContain('"instance_running": true')
    expect(await north.counts()).toEqual({})
    await program(['--refresh'])
    expect(await north.counts()).toEqual({ jls: 1, mount: 1 })
    await program([], { BLUEJAIL_CACHE_SECONDS: '0' })
    expect(await north.counts()).toEqual({ jls: 2, mount: 2 })
  })

  test('gives way to a change of the inventory', async () => {
    await program()
    rewriteVariables('south', { instances: [{ id: 'moved' }] })
    expect(JSON.parse((await program()).stdout).host_south.hosts).toEqual(['moved'])
    rewriteVariables('south', { instances: INSTANCES.south })
    expect(JSON.parse((await program()).stdout).host_south.hosts).toEqual(['kite'])
  })

  test('answers for one instance', async () => {
    expect(JSON.parse((await program(['--host', 'shop'])).stdout)).toMatchObject({ instance_host: 'north' })
    expect(JSON.parse((await program(['--host', 'north'])).stdout)).toEqual({})
  })
})

describe('what is wrong is told', () => {
  test('a host that is down leaves the others as they are, and its instances are the inventory’s', async () => {
    const south = hosts.sandboxes[1] as Sandbox
    await south.powerCut()
    const { exit, stdout, stderr } = await program(['--refresh'])
    await south.boot()
    expect(exit).toBe(0)
    const { _meta, ...groups } = JSON.parse(stdout)
    expect(_meta.hostvars.kite).toMatchObject({ instance_blueprint: '2026Q4-php83' })
    expect(_meta.hostvars.kite).not.toHaveProperty('instance_running')
    expect(_meta.hostvars.shop).toMatchObject({ instance_running: true })
    expect(groups.host_south.hosts).toEqual(['kite'])
    expect(stderr).toMatch(
      /^warning: south did not tell what runs \(unreachable: .*\): its instances are the inventory's\.\n$/,
    )
  })

  test('a variable that cannot be rendered costs that host alone', async () => {
    rewriteVariables('south', { instances: '{{ nowhere }}' })
    const { stdout, stderr } = await program(['--refresh'])
    expect(JSON.parse(stdout).instances.hosts).toEqual(['shop', 'spare'])
    expect(stderr).toMatch(/^warning: south: .*nowhere/)
    rewriteVariables('south', { instances: [{ id: 'UPPER' }] })
    expect((await program(['--refresh'])).stderr).toMatch(/^warning: south: .*'UPPER' cannot be an instance's id/)
    rewriteVariables('south', { instances: INSTANCES.south })
  })

  test('a program that fails leaves no hosts behind that nobody has', async () => {
    const ran = await ansible(
      'ansible-inventory',
      ['-i', inventory, '--list'],
      asked({ BLUEJAIL_CACHE_SECONDS: 'soon' }),
    )
    expect(ran.stderr).toContain("BLUEJAIL_CACHE_SECONDS is 'soon': give a number of seconds")
    expect(Object.keys(JSON.parse(ran.stdout)._meta.hostvars).sort()).toEqual(['north', 'south'])
  })
})

describe.each(cores)('inside an instance, with ansible-core %s', core => {
  const run = async (...args: string[]) => only(await inside(args, { core }))

  test('a command runs there as root, its exit status is told', async () => {
    expect(await run('-m', 'raw', '-a', 'hostname; id -un; test -t 0 || echo no terminal')).toMatchObject({
      status: 'ok',
      stdout: 'shop.example.net\nroot\nno terminal\n',
    })
    expect(await run('-m', 'raw', '-a', 'echo "it\'s" >&2; exit 7')).toMatchObject({ rc: 7, stderr: "it's\n" })
  })

  test('one becomes another user there', async () => {
    const done = await run('-b', '--become-user', 'www', '-m', 'raw', '-a', 'id -un; hostname')
    expect(done.stdout).toBe('www\nshop.example.net\n')
  })

  test.each([['a\nb $HOME "c" \'d\'\n'], [''], ['\u00fc'.repeat(200_000)]])('a script is sent and run', async words => {
    const script = join(hosts.directory, 'my script.sh')
    writeFileSync(
      script,
      `#!/bin/sh\nwc -c < "$0"; id -un; touch /tmp/was-here; rm /tmp/was-here\n: <<'END'\n${words}\nEND\n`,
    )
    const bytes = readFileSync(script).length
    const done = await run('-m', 'script', '-a', `'${script}'`)
    expect(done.stdout).toMatch(new RegExp(`^${bytes}\\s+root\\s+$`))
    expect(await must('jexec shop ls /root/.ansible/tmp')).toBe('')
  })

  test('modules that need Python run, pipelined or not, and fetch brings files', async () => {
    const python = ['-e', 'ansible_python_interpreter=/.sandbox/python']
    const source = join(hosts.directory, 'page.html')
    const content = '<p>\u00fc \u0000</p>\n'.repeat(1000)
    writeFileSync(source, content)
    writeFileSync(join(hosts.directory, 'empty'), '')
    for (const pipelining of ['true', 'false']) {
      const more = [...python, '-e', `ansible_pipelining=${pipelining}`]
      const copied = await run('-m', 'copy', '-a', `src=${source} dest=/root/page-${core}-${pipelining}`, ...more)
      expect(copied).toMatchObject({ status: 'ok', changed: true })
      expect(await must(`jexec shop cat /root/page-${core}-${pipelining}`)).toBe(content.trim())
    }
    const empty = `src=${join(hosts.directory, 'empty')} dest=/root/empty-${core}`
    expect(await run('-m', 'copy', '-a', empty, ...python)).toMatchObject({ status: 'ok', changed: true })
    const fetched = join(hosts.directory, 'fetched')
    await run('-m', 'fetch', '-a', `src=/root/page-${core}-true dest=${fetched} flat=yes`, ...python)
    expect(readFileSync(fetched, 'utf8')).toBe(content)
    rmSync(fetched)
  })

  test('a link of the customer leads nowhere on the host', async () => {
    await must('jexec shop ln -sfn /tmp/trap /root/trap; mkdir -p /tmp/trap')
    const source = join(hosts.directory, 'harmless')
    writeFileSync(source, 'harmless\n')
    const python = ['-e', 'ansible_python_interpreter=/.sandbox/python']
    await run('-m', 'raw', '-a', 'mkdir -p /tmp/trap')
    await run('-m', 'copy', '-a', `src=${source} dest=/root/trap/x`, ...python)
    expect(await must('ls /tmp/trap; jexec shop cat /tmp/trap/x')).toBe('harmless')
  })

  test('an instance that does not run is unreachable, in words', async () => {
    const ran = await ansible('ansible', ['-i', inventory, 'spare', '-m', 'raw', '-a', 'true'], { ...asked(), core })
    expect(only(ran)).toMatchObject({
      status: 'unreachable',
      msg: expect.stringContaining('the instance spare does not run on 127.0.0.1: start it first'),
    })
  })

  test('a login at the host that may not become root is told so', async () => {
    await must('cp -p /etc/sudoers /tmp/sudoers; sed -i s/NOPASSWD:// /etc/sudoers')
    const refused = await run('-m', 'raw', '-a', 'true')
    await must('mv /tmp/sudoers /etc/sudoers')
    expect(refused).toMatchObject({
      status: 'unreachable',
      msg: expect.stringMatching(
        /admin at 127\.0\.0\.1 may not become root without a password.* shop .*: sudo: a password/,
      ),
    })
  })
})

test('ansible-doc shows the connection with the options of ssh', async () => {
  for (const core of cores) {
    const { stdout } = await ansible('ansible-doc', ['-t', 'connection', '-j', 'bluejail.hosting.instance'], { core })
    const { options } = JSON.parse(stdout)['bluejail.hosting.instance'].doc
    expect(options).toMatchObject({ instance: { required: true }, escalation: { default: 'sudo' } })
    expect(Object.keys(options)).toEqual(
      expect.arrayContaining(['host', 'port', 'private_key_file', 'ssh_common_args']),
    )
  }
})

/** The program itself, as a person runs it. */
function program(args: readonly string[] = [], more: Record<string, string> = {}) {
  const PATH = `${join(root, '.venv/ansible-2.19/bin')}:${process.env.PATH}`
  const env = { ...process.env, ...quietEnvironment(), PATH, ...environment, ...more }
  return new Promise<{ exit: number; stdout: string; stderr: string }>((resolve, reject) =>
    execFile(join(inventory, 'instances.cjs'), args, { env }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve({ exit: error === null ? 0 : Number(error.code), stdout, stderr })
    }),
  )
}

const cached = () =>
  readdirSync(join(hosts.directory, 'cache/bluejail'))
    .map(name => readFileSync(join(hosts.directory, 'cache/bluejail', name), 'utf8'))
    .join('')

function rewriteVariables(host: string, variables: object): void {
  writeFileSync(join(inventory, `host_vars/${host}.yml`), stringify(variables))
}
