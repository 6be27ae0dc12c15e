/** The inventory of instances, as a person has it: beside the hosts' own inventory. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../../build/paths.ts'
import { type AnsibleOptions, ansible, cores, quietEnvironment } from '../support/ansible.ts'
import { type Fleet, startFleet } from '../support/fleet.ts'

let fleet: Fleet
beforeAll(async () => {
  fleet = await startFleet()
})
afterAll(() => fleet.stop())

const asked = (more: Record<string, string> = {}) => ({ environment: { ...fleet.environment, ...more } })

async function listed(options: AnsibleOptions = asked(), ...args: string[]) {
  const ran = await ansible('ansible-inventory', ['-i', fleet.inventory, '--list', ...args], options)
  expect(ran.exit, ran.stderr).toBe(0)
  return { ...JSON.parse(ran.stdout), stderr: ran.stderr }
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
    expect(cached()).not.toContain(fleet.north.keyFile)
  })

  test('has instances that no variable names, also where a host has none of these at all', async () => {
    const own = 'zroot/hosting/instances'
    await fleet.must(`zfs create -o mountpoint=none ${own} && zfs create ${own}/old && zfs create ${own}/left`)
    await fleet.must(`zfs set bluejail:moved='20261122T120000Z south' ${own}/left`)
    for (const yaml of ['instances: []\n', '{}\n']) {
      fleet.setVariables('north', yaml)
      const { _meta, instances } = JSON.parse((await program(['--refresh'])).stdout)
      expect(instances.hosts).toEqual(['kite', 'old', 'shop'])
      expect(_meta.hostvars.old).toMatchObject({ instance_host: 'north', instance_running: false })
      expect(_meta.hostvars.shop).toMatchObject({ instance_running: true })
    }
    fleet.setVariables('north')
    await fleet.must(`zfs destroy -r ${own}`)
  })

  test('a name with braces is no template', async () => {
    await program(['--refresh'])
    fleet.setVariables('south', "instances: [{id: kite, customer: !unsafe '{{ 1 + 1 }}'}]\n")
    for (const core of cores) {
      const args = ['kite', '-i', fleet.inventory, '-m', 'debug', '-a', 'var=instance_customer']
      const { rows } = await ansible('ansible', args, { environment: fleet.environment, core })
      expect(rows[0]?.result.instance_customer).toBe('{{ 1 + 1 }}')
    }
    fleet.setVariables('south')
  })
})

describe('the cache', () => {
  test('is used while it is young, and hosts are not asked', async () => {
    await program(['--refresh'])
    await fleet.north.resetCounts()
    expect((await program()).stdout).toContain('"instance_running": true')
    expect(await fleet.north.counts()).toEqual({})
    await program(['--refresh'])
    expect(await fleet.north.counts()).toEqual({ jls: 1, mount: 1, zfs: 1 })
    await program([], { BLUEJAIL_CACHE_SECONDS: '0' })
    expect(await fleet.north.counts()).toEqual({ jls: 2, mount: 2, zfs: 2 })
  })

  test('gives way to a change of the inventory', async () => {
    await program()
    fleet.setVariables('south', 'instances: [{id: moved}]\n')
    expect(JSON.parse((await program()).stdout).host_south.hosts).toEqual(['moved'])
    fleet.setVariables('south')
    expect(JSON.parse((await program()).stdout).host_south.hosts).toEqual(['kite'])
  })

  test('answers for one instance', async () => {
    expect(JSON.parse((await program(['--host', 'shop'])).stdout)).toMatchObject({ instance_host: 'north' })
    expect(JSON.parse((await program(['--host', 'north'])).stdout)).toEqual({})
  })
})

describe('what is wrong is told', () => {
  test('a host that is down leaves the others as they are, and its instances are the inventory’s', async () => {
    await fleet.south.powerCut()
    const { exit, stdout, stderr } = await program(['--refresh'])
    await fleet.south.boot()
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
    fleet.setVariables('south', "instances: '{{ nowhere }}'\n")
    const { stdout, stderr } = await program(['--refresh'])
    expect(JSON.parse(stdout).instances.hosts).toEqual(['shop', 'spare'])
    expect(stderr).toMatch(/^warning: south: .*nowhere/)
    fleet.setVariables('south', 'instances: [{id: UPPER}]\n')
    expect((await program(['--refresh'])).stderr).toMatch(/^warning: south: .*'UPPER' cannot be an instance's id/)
    fleet.setVariables('south')
  })

  test('a program that fails leaves no hosts behind that nobody has', async () => {
    const ran = await ansible(
      'ansible-inventory',
      ['-i', fleet.inventory, '--list'],
      asked({ BLUEJAIL_CACHE_SECONDS: 'soon' }),
    )
    expect(ran.stderr).toContain("BLUEJAIL_CACHE_SECONDS is 'soon': give a number of seconds")
    expect(Object.keys(JSON.parse(ran.stdout)._meta.hostvars).sort()).toEqual(['north', 'south'])
  })
})

/** The program itself, as a person runs it. */
function program(args: readonly string[] = [], more: Record<string, string> = {}) {
  const PATH = `${join(root, '.venv/ansible-2.19/bin')}:${process.env.PATH}`
  const env = { ...process.env, ...quietEnvironment(), PATH, ...fleet.environment, ...more }
  return new Promise<{ exit: number; stdout: string; stderr: string }>((resolve, reject) =>
    execFile(join(fleet.inventory, 'instances.cjs'), args, { env }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve({ exit: error === null ? 0 : Number(error.code), stdout, stderr })
    }),
  )
}

const cached = () =>
  readdirSync(join(fleet.directory, 'cache/bluejail'))
    .map(name => readFileSync(join(fleet.directory, 'cache/bluejail', name), 'utf8'))
    .join('')
