/**
 * Two hosts with three instances, and their inventory with the program that lists instances in it: `shop` runs on north, on
 * another blueprint than the inventory says; `spare` of north and `kite` of south do not run.
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { collection } from '../../build/paths.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { startHosts } from './hosts.ts'

const INSTANCES = {
  north: [
    { id: 'shop', customer: 'Lüneburg & Söhne' },
    { id: 'spare', customer: 'Larsen Boats, Flensburg', blueprint: '2026Q4-php84' },
  ],
  south: [{ id: 'kite', customer: 'luneburg sohne' }],
}

export interface Fleet {
  readonly north: Sandbox
  readonly south: Sandbox
  /** A directory, as `-i` takes it. */
  readonly inventory: string
  /** For files of the test. */
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  /** Runs a command line on north, as root; what it printed. */
  must(command: string, input?: string): Promise<string>
  /** Writes host_vars; without variables, those of the beginning. */
  setVariables(host: 'north' | 'south', yaml?: string): void
  stop(): Promise<void>
}

export async function startFleet(): Promise<Fleet> {
  const hosts = await startHosts(['north', 'south'])
  const [north, south] = hosts.sandboxes as [Sandbox, Sandbox]
  const must = async (command: string, input?: string) => {
    const { exit, stdout, stderr } = await north.run(command, input)
    if (exit !== 0) throw new Error(`${command}: ${exit}\n${stdout}${stderr}`)
    return stdout.trim()
  }
  await must(SHOP)
  await must('cat > /etc/shop.conf', SHOP_CONF)
  await must('jail -f /etc/shop.conf -c shop && jexec shop chmod 1777 /tmp')

  const inventory = join(hosts.directory, 'fleet')
  for (const folder of ['group_vars', 'host_vars']) mkdirSync(join(inventory, folder), { recursive: true })
  const { all } = parse(readFileSync(hosts.inventory, 'utf8'))
  writeFileSync(join(inventory, 'hosts.yml'), stringify({ hosting: all, all: { hosts: { other: {} } } }))
  const ofAll = { instance_defaults: { blueprint: '{{ quarter }}-php83' }, quarter: '2026Q4' }
  writeFileSync(join(inventory, 'group_vars/hosting.yml'), stringify(ofAll))
  symlinkSync(join(collection, 'scripts/instances.cjs'), join(inventory, 'instances.cjs'))
  const setVariables: Fleet['setVariables'] = (host, yaml = stringify({ instances: INSTANCES[host] })) =>
    writeFileSync(join(inventory, `host_vars/${host}.yml`), yaml)
  setVariables('north')
  setVariables('south')
  return {
    north,
    south,
    inventory,
    directory: hosts.directory,
    environment: { XDG_CACHE_HOME: join(hosts.directory, 'cache'), ANSIBLE_TIMEOUT: '3' },
    must,
    setVariables,
    stop: () => hosts.stop(),
  }
}

const SHOP = `
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
    > /hosting/instances/shop/fstab`

const SHOP_CONF = `shop {
  path = "/hosting/instances/shop/root";
  host.hostname = "shop.example.net";
  mount.fstab = "/hosting/instances/shop/fstab";
  mount.devfs;
  persist;
}`
