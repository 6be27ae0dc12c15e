/** Bridges that instances' interfaces are on, with what leads out of the host. */
import type { Probe } from './core/host.ts'
import { defineModule } from './core/module.ts'
import { choice, flag, integer, listOf, mapping, optional, record, text, withDefault } from './core/options.ts'
import { listInterfaces } from './freebsd/ifconfig.ts'
import { listRulesBeside, readFilter } from './freebsd/pf.ts'
import { RC_CONF } from './freebsd/rc-conf.ts'
import { readRcFiles } from './freebsd/rc-files.ts'
import { readGateway } from './freebsd/route.ts'
import { readSysctls } from './freebsd/sysctl.ts'
import { SYSCTL, SYSCTL_CONF } from './freebsd/sysctl-conf.ts'
import { BRIDGES_ANCHOR, BRIDGES_FILE, mustLoadMain, needsFilter, type SeenFilter } from './rules/bridge/filter.ts'
import { sshPortsIn } from './rules/bridge/guard/ssh.ts'
import { planBridges, SYSCTLS, variablesIn } from './rules/bridge/plan.ts'
import { type Request, requestsOf } from './rules/bridge/requests.ts'
import { routesThrough } from './rules/bridge/routes.ts'
import { FILTER_FOLDER } from './rules/layout.ts'
import type { ConfFile, Shelf } from './rules/settings/files.ts'
import { readConfFile } from './rules/settings/look.ts'

const name = text("The bridge's name, like `hosting0`: up to 15 characters of a to z, 0 to 9 and `_`.")

const uplink = record(
  {
    interface: text('An interface of the host. `em0.100` is VLAN 100 on em0.'),
    vlan: optional(integer('The number of a VLAN on it, which is made where it is missing.', 1, 4094)),
  },
  'An interface, or only its name.',
  'interface',
)

const nat = record(
  {
    interface: text('The interface by which the host reaches the rest of the world.'),
    address: optional(text("An IPv4 address to be seen under. Default: the interface's first.")),
    address6: optional(text('An IPv6 address to be seen under. Without one, IPv6 is not translated.')),
  },
  'An interface, or only its name.',
  'interface',
)

const redirect = record(
  {
    port: integer('A port of the host.', 1, 65_535),
    to: text("An instance's address."),
    to_port: optional(integer('Its port. Default: the same.', 1, 65_535)),
    protocol: optional(choice(['tcp', 'udp'], 'Default: tcp.')),
    interface: optional(text('The interface where connections come in. Default: that of `nat`.')),
    address: optional(text("The host's address that they come in for. Default: any of that interface.")),
  },
  'A port.',
)

const bridge = {
  state: optional(choice(['present', 'absent'], 'Whether it exists. Default: present.')),
  uplinks: optional(
    listOf(
      uplink,
      'What leads out of the host, as members of the bridge. Default: nothing, a private network. A VLAN that was made for it goes when it is no longer listed.',
    ),
  ),
  addresses: optional(
    listOf(
      text('An address.'),
      "The host's own addresses on it, IPv4 and IPv6 with their prefix length: the instances' gateway on a private network. Exactly these; where nothing is said, they are left as they are.",
    ),
  ),
  mtu: optional(integer('Of the bridge and its uplinks. Default: left alone.', 576, 16_000)),
  description: optional(text('As `ifconfig` shows it. Default: left alone.')),
  stp: optional(flag('Spanning tree on its uplinks. Default: false.')),
  nat: optional(nat),
  redirects: optional(listOf(redirect, 'Ports of the host that lead to instances.')),
  forward: optional(
    flag(
      'The host forwards between this bridge and other networks. With false, pf drops what would go through the host to or from it, also where another bridge makes the host forward; so it does by default where `isolate` is true. With true and `isolate`, it drops what would go to private networks of this host. Default: true where `nat` or `redirects` is given, else false.',
    ),
  ),
  isolate: optional(
    flag(
      'Neighbours cannot reach each other, neither on the bridge nor through the host, and instances whose interfaces are not `private` are refused on it; pf looks at what each sends, by rules that come with an instance. The bridge learns no link addresses but those of guests that are no instances, so that nobody takes over what is not its own. Default: true.',
    ),
  ),
  allow_uplink_change: optional(
    flag(
      'Also do what interrupts an interface by which this host may be reached, or redirects the port of its sshd. Addresses of an uplink that are listed in `addresses` become those of the bridge, with the routes of rc.conf that lead through them. Default: false.',
    ),
  ),
}

const STATE = {
  exists: flag('Whether it exists.'),
  uplinks: optional(listOf(text('An interface.'), 'Its uplinks.')),
  addresses: optional(listOf(text('An address.'), "The host's addresses on it.")),
  mtu: optional(integer('Its MTU.')),
  description: optional(text('Its description.')),
  stp: optional(flag('Whether all uplinks have spanning tree.')),
  unprotected: optional(listOf(text('An interface.'), 'Members that can reach their neighbours.')),
}

export default defineModule({
  name: 'vnet_bridge',
  summary: 'Bridges for instances exist, with uplinks or as private networks, now and after a reboot',
  description: [
    'Bridges with an uplink, a VLAN on one, several, or none: then a private network, with a gateway address on the bridge, NAT and port redirects. Live by ifconfig(8), and in /etc/rc.conf so that they come back after a boot and keep their members over `service netif restart`.',
    'Translations and filter rules are in the pf anchor `hosting/all_bridges`, whose file in /etc/pf.hosting.d a boot loads; pf.conf gets the lines that call it, in the places that the order of statements demands, and is otherwise left as it is. pf is told to check everything before it is written.',
    'An interface that has an address, and so may carry the connection, is not made a member, taken off, destroyed or given another MTU unless `allow_uplink_change` says so. On FreeBSD 15 members have no addresses: they become those of the bridge, and go back where the interface cannot be a member.',
  ],
  notes: [
    'An instance is made a member by M(bluejail.hosting.instance_jail).',
    'Where pf is off and pf.conf has rules, or pf is on with others than those of pf.conf, loading that would change what is in force: refused unless `allow_filter_start` says so.',
    'With `isolate` or `forward: false`, `net.link.bridge.pfil_bridge` becomes 0: on a bridge itself pf sees what is to, from and through the host, and what is bridged on the members. A host with rules of its own that look at bridges is refused until they are written for members.',
    'What pf knows of the addresses of this host is from when its rules were loaded (`self` of pf.conf(5)): `service pf reload` after another interface got one.',
    'An uplink without a tag carries the VLANs that are on it, too. With `isolate`, instances cannot send into them, all but VLAN 1, which is refused; they hear what is broadcast there. A VLAN as uplink keeps them out.',
    'Files in /etc/rc.conf.d and /usr/local/etc/rc.conf.d that set what a bridge needs at boot count more than rc.conf, and are refused by name.',
    'Forwarding, and where the kernel looks at bridged packets, stay as they are when a bridge goes.',
    'Needs root.',
  ],
  options: {
    name: optional(text('The name of one bridge. Give this or `bridges`.')),
    bridges: optional(
      listOf(
        record({ name, ...bridge }, 'A bridge.', 'name'),
        'Several bridges, each with options of its own. What stands beside the list holds for each that does not say otherwise.',
      ),
    ),
    ...bridge,
    allow_filter_start: withDefault(
      flag('Load pf.conf also where that changes the rules in force: where pf is off, or has been given other rules.'),
      false,
    ),
  },
  state: {
    bridges: mapping(record(STATE, 'A bridge.'), 'The bridges of the task, by name.'),
    rc_conf: mapping(text('A value.'), "Variables of the host's rc.conf that make them."),
    sysctl: mapping(text('A value.'), 'Values of the running kernel that they need.'),
    rules: listOf(text('A rule.'), "pf's rules for them, as in the anchor's file."),
  },
  examples: {
    'A private network with NAT': {
      name: 'hosting0',
      addresses: ['10.66.0.1/24', 'fd00:66::1/64'],
      nat: 'vtnet0',
      redirects: [
        { port: 80, to: '10.66.0.11' },
        { port: 2211, to: '10.66.0.11', to_port: 22 },
      ],
    },
    'A VLAN of the uplink': {
      name: 'customers',
      description: 'VLAN 100',
      uplinks: [{ interface: 'vtnet0', vlan: 100 }],
      mtu: 1500,
    },
    'Several at once': {
      bridges: [
        { name: 'front', uplinks: ['vtnet0.20'], stp: true },
        { name: 'back', addresses: ['10.67.0.1/24'] },
      ],
      isolate: false,
    },
    "The host's own interface, with its address": {
      name: 'hosting0',
      uplinks: ['vtnet0'],
      addresses: ['10.0.2.15/24'],
      isolate: false,
      allow_uplink_change: true,
    },
    Gone: { name: 'hosting0', state: 'absent' },
  },

  /** Five processes for any number of bridges, two more where pf.conf is to be loaded, and one for each route of rc.conf that leads through one with an uplink. */
  async observe(options, machine) {
    const requests = requestsOf(options)
    const rcConf = await readShelf(['/etc/rc.conf', '/etc/rc.conf.local'], RC_CONF, machine, '/etc/defaults/rc.conf')
    const routes = routesThrough(requests, variablesIn(rcConf))
    const [devices, sysctls, filter] = await Promise.all([
      listInterfaces(machine),
      readSysctls(machine, SYSCTLS),
      lookAtFilter(requests, (await readRcFiles(machine, 'pf')).get('pf_rules') ?? '/etc/pf.conf', machine),
    ])
    return {
      devices,
      sysctls,
      filter,
      rcConf,
      sysctlConf: await readShelf(SYSCTL_CONF, SYSCTL, machine),
      routes: await Promise.all(routes.map(async route => ({ ...route, now: await readGateway(machine, route) }))),
      overriding: await readOverriding(machine),
      sshPorts: sshPortsIn(await machine.read('/etc/ssh/sshd_config')),
    }
  },

  plan: ({ allow_filter_start, ...options }, seen, _now, done) =>
    planBridges(requestsOf(options), allow_filter_start, seen, done),
})

/** Scripts of rc.d that do at boot what is written here, each with a file or a folder of files of its own. */
const SCRIPTS = ['network', 'netif', 'routing', 'pf']

async function readOverriding(machine: Probe): Promise<ConfFile[]> {
  const paths = ['/etc/rc.conf.d', '/usr/local/etc/rc.conf.d'].flatMap(folder =>
    SCRIPTS.map(script => `${folder}/${script}`),
  )
  const found = await Promise.all(
    paths.map(async path => [path, ...((await machine.list(path)) ?? []).map(name => `${path}/${name}`)]),
  )
  return Promise.all(found.flat().map(path => readConfFile(path, machine)))
}

async function readShelf(
  files: readonly [string, ...string[]],
  syntax: Shelf['syntax'],
  machine: Probe,
  defaults?: string,
): Promise<Shelf> {
  return {
    syntax,
    files: await Promise.all(files.map(path => readConfFile(path, machine))),
    home: files[0],
    ...(defaults === undefined ? {} : { defaults: await readConfFile(defaults, machine) }),
  }
}

async function lookAtFilter(
  requests: readonly Request[],
  mainRules: string,
  machine: Probe,
): Promise<SeenFilter | undefined> {
  const rules = await machine.read(BRIDGES_FILE)
  if (rules === undefined && !requests.some(needsFilter)) return undefined
  const [filter, main] = [await readFilter(machine, BRIDGES_ANCHOR), await readConfFile(mainRules, machine)]
  const isReloaded = filter.isEnabled && requests.some(needsFilter) && mustLoadMain(main.text, filter)
  return {
    filter,
    main,
    hasFolder: (await machine.status(FILTER_FOLDER)) !== undefined,
    rules,
    foreign: isReloaded ? await listRulesBeside(machine, mainRules, filter) : [],
  }
}
