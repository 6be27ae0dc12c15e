/** Instances' jails: their configuration, their interfaces, whether they start at boot, and whether they run. */
import type { Probe } from './core/host.ts'
import { defineModule } from './core/module.ts'
import { choice, flag, integer, listOf, mapping, optional, record, scalar, text, withDefault } from './core/options.ts'
import { listInterfaces } from './freebsd/ifconfig.ts'
import { listParameters } from './freebsd/jail-parameters.ts'
import { type JailInFull, listJailsInFull } from './freebsd/jls.ts'
import { listMounts } from './freebsd/mount.ts'
import { readVariables } from './freebsd/sysrc.ts'
import { VARIABLES } from './rules/jail/list.ts'
import { lookAt, lookAtFilter, lookAtNeighbors, readConsoles, readDatasetsToDestroy } from './rules/jail/look.ts'
import { planJails } from './rules/jail/plan.ts'
import { type Request, requestsOf } from './rules/jail/requests.ts'
import { EXEC_TIMEOUT_SECONDS, unlisted } from './rules/jail/settings.ts'
import { siteOptions } from './rules/site.ts'

const id = "The instance's id, like `web1`: a to z, 0 to 9 and `-`, at most 11 characters."
const state = choice(
  ['started', 'stopped', 'restarted', 'present', 'absent'],
  '`started`: configured and running. `stopped`: configured, and nothing of it runs, is mounted or on the network. `restarted`: stopped and started again, or only started. `present`: configured, and left running or not. `absent`: stopped and no longer configured.',
)

const networkInterface = record(
  {
    bridge: text('The bridge it is on.'),
    addresses: optional(
      listOf(text('An address.'), 'IPv4 and IPv6 addresses with their prefix length, like `10.66.0.11/24`.'),
    ),
    ether: optional(
      text("Its link address. Default: derived from the host's name and the id, the same on every start."),
    ),
    mtu: optional(integer('Of both its ends. All that is on a bridge has the same. Default: 1500.', 576, 16_000)),
    private: optional(
      flag(
        'It can send from its own link address, in no VLAN, and from its `addresses` alone, whatever the customer makes of them inside; is no router and no DHCP server to others; and reaches no other private interface of its bridge. Without `addresses` it cannot send IPv4 at all. Where instances shall reach each other, as a web server its database, give them a bridge whose `isolate` is false, and false here. Default: true.',
      ),
    ),
  },
  'An interface, or only the bridge it is on.',
  'bridge',
)

const instance = {
  hostname: optional(text('Its host name until its own rc.conf says otherwise. Default: the id.')),
  interfaces: optional(
    listOf(
      networkInterface,
      'Its interfaces: `vnet0` inside, `vnet1`, and so on. Outside they are `e0a_ID`, `e1a_ID`.',
    ),
  ),
  gateways: optional(listOf(text('An address.'), 'Default routes: one for IPv4, one for IPv6, or both.')),
  routes: optional(mapping(text('A gateway.'), 'Further routes: networks and their gateways.')),
  parameters: optional(
    mapping(
      scalar('A value.'),
      `Parameters of jail(8) by name, like \`sysvshm: new\` or \`allow.mlock: true\`. They come beside, or in place of, \`devfs_ruleset: 4\`, \`enforce_statfs: 1\`, \`mount.devfs\`, \`mount.fdescfs\`, \`exec.clean\`, \`exec.start: /bin/sh /etc/rc\`, \`exec.stop: /bin/sh /etc/rc.shutdown jail\`, \`exec.timeout: ${EXEC_TIMEOUT_SECONDS}\`, \`stop.timeout: 30\` and \`exec.consolelog\`; null takes one of these away. \`depend\` is refused: use \`after\`.`,
    ),
  ),
  cpus: optional(text('The CPUs it may use, like `0-3` or `0,2`: now, and from every start on. Default: all.')),
  boot: optional(flag('It starts when the host boots: its id is in `jail_list` of rc.conf. Default: true.')),
  after: optional(
    listOf(
      text('An id.'),
      'Instances that are started before it, by this task and at boot, and stopped after it, by this task and when the host goes down.',
    ),
  ),
  restart: optional(
    flag('Restart it where that alone brings a change of its configuration into effect. Default: false.'),
  ),
  destroy_datasets: optional(
    flag('With `state=absent`, also destroy its dataset with all below it and its snapshots. Default: false.'),
  ),
  configure: optional(
    flag(
      'With false it is only started, stopped or restarted: its file, its rules of pf and `jail_list` stay as they are, and nothing of them need be given. Default: true.',
    ),
  ),
}

const STATE = {
  running: flag('Whether its jail runs.'),
  jid: optional(text('The number the kernel gave it.')),
  boot: flag('Whether it starts when the host boots.'),
  configuration: listOf(text('A parameter.'), 'What its file in /etc/jail.conf.d says.'),
  rules: listOf(text('A rule.'), "pf's rules for it, as its file in /etc/pf.hosting.d has them."),
  pending: listOf(
    text('A parameter or interface.'),
    'What is as it was when the instance was started, where its configuration is another by now.',
  ),
}

export default defineModule({
  name: 'instance_jail',
  summary: "Instances' jails are configured, start at boot, and run or do not",
  description: [
    'Writes /etc/jail.conf.d/ID.conf, complete in itself: the root and fstab of M(bluejail.hosting.instance_mounts), a network stack with interfaces on bridges, devices, a console log, limits of time. The log is `console.log` beside the fstab, in a dataset within the quota; one that a service has filled is emptied before the next start. Puts the id into `jail_list` of rc.conf, where every name keeps its place.',
    'Private interfaces, as all are unless that is said, have rules of pf in /etc/pf.hosting.d/ID.conf, an anchor `hosting/ID` that is loaded before the interface is there and emptied when it is gone. pf and the main rules that call it are the affair of M(bluejail.hosting.vnet_bridge); without them, no such instance is started.',
    'Starts and stops through jail(8) with that file, several at a time. Stopped means: no jail, no mount below its root, no interface of its left. What a vanished jail or a failed start left is cleared, from what the mount table and the interface list say, innermost first and never by force.',
    'When the host goes down, an rc.d script (`bluejail_stop`) stops all instances side by side before rc.d/jail would stop them one by one, each behind those that come after it. All together have `bluejail_stop_timeout` of rc.conf (300 seconds); what is left then is removed with its processes. rc(8) must be given more, by `rcshutdown_timeout`.',
    'A customer whose shutdown script fails or hangs does not stop us: then the jail is removed with all its processes, and a warning says so. When an instance does not start, the message has what jail(8) said and the last lines of its console.',
    'Parameters of a running instance are changed while it runs where the kernel can; `pending` names the others, which a restart changes.',
  ],
  notes: [
    'What the parameters `exec.start`, `exec.stop` and the like say takes effect when the instance is next started or stopped.',
    'A parameter that is no longer asked for goes back to what a jail has by default. Where that depends on the host, as of `osrelease`, only a restart does it, and `pending` names it in the run that drops it.',
    'Nothing looks into ARP and neighbour discovery. Neighbours get nothing of what an instance claims there, and the host believes none of it, since it has permanent entries (arp(8), ndp(8)) for the addresses of private interfaces on its own networks. Who is on the other side of an uplink hears it, and hears instances of the same bridge send from the link address of one another: where that matters, give each customer a VLAN of its own as uplink.',
    'What keeps link addresses to themselves presumes that nothing else is learned on the bridge: vnet_bridge sees to that where its `isolate` is true. On a bridge with an uplink and `isolate` false, a private interface may take over an address that was learned there.',
    'The bridges are made before, by M(bluejail.hosting.vnet_bridge).',
    'A file in /etc/jail.conf.d, or a jail, of that name that is none of ours is refused and left alone.',
  ],
  options: {
    id: optional(text(`${id} Give this or \`instances\`.`)),
    instances: optional(
      listOf(
        record({ id: text(id), state: optional(state), ...instance }, 'An instance.', 'id'),
        'Several instances, each with options of its own. What stands beside the list holds for each that does not say otherwise; `parameters` are put together.',
      ),
    ),
    state: withDefault(state, 'started'),
    ...instance,
    parallel: withDefault(integer('How many are stopped or started at the same time.', 1, 50), 4),
    host: optional(text("The name that link addresses are derived from. Default: `hostname` of the host's rc.conf.")),
    parallel_start: optional(
      flag(
        '`jail_parallel_start` of rc.conf: at boot, all start at once. With true it is NO all the same while an instance that starts at boot has `after`: rc.d would not wait. Default: left alone.',
      ),
    ),
    reverse_stop: optional(
      flag(
        '`jail_reverse_stop` of rc.conf: `service jail stop` begins with the last of `jail_list`. Default: left alone.',
      ),
    ),
    ...siteOptions,
  },
  state: {
    instances: mapping(record(STATE, 'An instance.'), 'The instances of the task, by id.'),
    rc_conf: mapping(text('A value.'), "The variables of the host's rc.conf that decide about jails at boot."),
  },
  examples: {
    'An instance with an address': {
      id: 'web1',
      hostname: 'web1.example.net',
      interfaces: [{ bridge: 'hosting0', addresses: ['10.66.0.11/24', 'fd00:66::11/64'] }],
      gateways: ['10.66.0.1', 'fd00:66::1'],
    },
    'A database first, then what needs it and may reach it': {
      interfaces: [{ bridge: 'hosting0', private: false }],
      instances: [
        { id: 'web1', after: ['db1'] },
        { id: 'db1', parameters: { sysvshm: 'new' } },
      ],
      parallel_start: true,
    },
    'Not at boot, held to one CPU, and with a parameter more': {
      id: 'web1',
      boot: false,
      cpus: '0',
      parameters: { 'allow.mlock': true },
    },
    'Another parameter for one that runs': {
      id: 'web1',
      parameters: { 'children.max': 2, devfs_ruleset: 5 },
      restart: true,
    },
    'Configured only': { id: 'web1', state: 'present' },
    Stopped: { id: 'web1', state: 'stopped' },
    'Stopped for a while, with all that it is configured to': { id: 'web1', state: 'stopped', configure: false },
    'Gone, with all its data': { id: 'web1', state: 'absent', destroy_datasets: true },
  },

  /** Eight processes for any number of instances, six without pf, four without addresses; more only for what was tried or is to be destroyed. */
  async observe(options, machine, done) {
    const requests = requestsOf(options)
    const [jails, mounts, interfaces, rcConf, look] = await Promise.all([
      listJailsInFull(machine),
      listMounts(machine),
      listInterfaces(machine),
      readVariables(machine, VARIABLES),
      lookAt(requests, machine),
    ])
    return {
      ...look,
      jails,
      mounts,
      interfaces,
      neighbors: await lookAtNeighbors(requests, look.confs, machine),
      rcConf,
      consoles: await readConsoles(requests, jails, machine, done),
      anchors: await lookAtFilter(requests, look.rules, machine),
      parameters: await readParameters(requests, jails, machine),
      datasets: await readDatasetsToDestroy(requests, mounts, machine),
    }
  },

  plan: ({ parallel, parallel_start, reverse_stop, ...options }, seen, _now, done) =>
    planJails(
      {
        requests: requestsOf({ ...options, parallel }),
        host: options.host,
        atOnce: parallel,
        parallelStart: parallel_start,
        reverseStop: reverse_stop,
      },
      seen,
      done,
    ),
})

/** Running jails show all there are; else the kernel is asked, where somebody wants one that the manual does not list. */
async function readParameters(
  requests: readonly Request[],
  jails: readonly JailInFull[],
  machine: Probe,
): Promise<Set<string>> {
  const known = new Set(jails.flatMap(({ parameters }) => [...parameters.keys()]))
  const isUnknown = requests.some(({ parameters }) => unlisted(parameters).some(name => !known.has(name)))
  return isUnknown ? listParameters(machine) : known
}
