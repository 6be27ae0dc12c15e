/** What a host is and does, and what of it is not as configured. It only reads. */
import { defineModule } from './core/module.ts'
import { flag, integer, listOf, mapping, optional, record, scalar, text, withDefault } from './core/options.ts'
import { lookAtHost } from './rules/info/look.ts'
import { planInfo } from './rules/info/plan.ts'
import { checkInstanceId } from './rules/layout.ts'
import { siteOf, siteOptions } from './rules/site.ts'

const sentences = listOf(text('A sentence.'), 'What is not as it is configured, in words.')

const use = record(
  {
    cpu_percent: integer('Percents of one CPU.'),
    cpu_seconds: integer('CPU time used by the processes that run.'),
    memory_bytes: integer('Memory in use.'),
    swap_bytes: integer('Swap reserved.'),
    processes: integer('How many there are.'),
    read_bytes_per_second: integer('Read from disks.'),
    written_bytes_per_second: integer('Written to disks.'),
  },
  'What rctl(8) counts, of an instance that runs, where `kern.racct.enable` is 1.',
)

const disk = record(
  {
    used_bytes: integer('Its datasets with their snapshots.'),
    snapshots_bytes: integer('What of that only snapshots hold.'),
    available_bytes: integer('What can still be written.'),
    quota_bytes: optional(integer('The quota of its dataset.')),
  },
  'Space on disk.',
)

const instance = record(
  {
    running: flag('Whether its jail runs.'),
    jid: optional(text('The number the kernel gave it.')),
    boot: flag('Whether it starts when the host boots.'),
    hostname: optional(text('The host name it starts with.')),
    blueprint: optional(text('The blueprint it runs on.')),
    configured_blueprint: optional(text('The blueprint that its fstab names for the next start.')),
    revision: optional(
      integer(
        'The revision of its blueprint that its files are of. After an amendment that is an older one, until a switch brings what that changed.',
      ),
    ),
    addresses: listOf(text('An address.'), 'Configured addresses with their prefix lengths.'),
    mounts: listOf(
      text('A mount.'),
      'Where in the instance, `ro` or `rw`, and what is mounted, in the order of mounting.',
    ),
    limits: listOf(text('A rule without its jail.'), 'What rctl(8) limits.'),
    cpus: optional(
      text(
        'The CPUs that it is configured to be held to from its start on, like `0-3`. Where nothing is said, it has all.',
      ),
    ),
    use: optional(use),
    disk: optional(disk),
    traffic: optional(
      record(
        { received_bytes: integer('To the instance.'), sent_bytes: integer('From the instance.') },
        'What went through its interfaces since it was started, where O(figures) is true.',
      ),
    ),
    snapshot: optional(text('The name of its newest snapshot.')),
    snapshot_age_seconds: optional(integer('How long ago that was taken.')),
    not_in_snapshot: optional(
      listOf(text('A dataset.'), 'Datasets of the instance that have no snapshot of that name.'),
    ),
    replica: optional(text('Where its replica is.')),
    replica_age_seconds: optional(integer('How old what the replica has is.')),
    outage_seconds: optional(scalar('How long its last switch to another blueprint took it away.')),
    switch: optional(
      record(
        {
          phase: text('How far it is.'),
          from: text('The blueprint it comes from.'),
          to: text('The blueprint it goes to.'),
        },
        'A switch to another blueprint that is not at its end: it goes on, or was cut off.',
      ),
    ),
    not_as_configured: sentences,
  },
  'An instance.',
)

const blueprint = record(
  {
    release: optional(text('The release it was made from.')),
    architecture: optional(text('Its processor architecture.')),
    revision: optional(integer('1, and one more with each amendment.')),
    packages: optional(integer('How many are installed in it.')),
    amendments: optional(
      listOf(
        record(
          {
            revision: integer('What it made.'),
            created: text('When, as ISO 8601 writes it.'),
            reason: optional(text('Why.')),
          },
          'An amendment.',
        ),
        'What was added since it was built.',
      ),
    ),
    used_bytes: integer('Space on disk.'),
    instances: listOf(text('An id.'), 'Instances that run on it, or will from their next start on.'),
    ways_back: listOf(
      text('An id.'),
      'Instances that could go back to it, by their last switch or a kept snapshot of an earlier one, or whose switch is not at its end.',
    ),
  },
  'A blueprint.',
)

const pool = record(
  {
    health: text('`ONLINE`, `DEGRADED` and so on.'),
    size_bytes: optional(integer('Its size, as the next three where O(figures) is true and the pool could be opened.')),
    free_bytes: optional(integer('What is free.')),
    used_percent: optional(integer('How full it is.')),
    fragmentation_percent: optional(integer('How fragmented its free space is.')),
    errors: optional(text('Known data errors, where the pool could be opened.')),
    scan: optional(text('The last scrub or resilver, in the words of zpool(8).')),
    scrub_age_seconds: optional(integer('How long ago a scrub ended.')),
  },
  'A pool.',
)

export default defineModule({
  name: 'hosting_info',
  summary: 'What a host has and does is told, and what is not as configured',
  description: [
    'Tells of blueprints, of instances with what they run on, their mounts, limits, use of CPU, memory, disk and network, and the age of their snapshots and replicas, and of pools. It changes nothing, and does not wait for anybody who does.',
    'Compares what runs with what the host itself is configured to: each instance with its file in /etc/jail.conf.d, its fstab and rules of pf, /etc/rctl.conf and `jail_list` of rc.conf. What differs is told in words, like `vpro0048 runs 2026Q3-php82, configured 2026Q4-php83`.',
    'And with what keeps instances apart and on the network: pf and its rules, bridges with their members, uplinks and addresses, and what the kernel forwards and filters.',
    'Ten processes at most, however many instances there are; two more with O(figures).',
  ],
  notes: [
    'Needs root, since nobody else may look into /hosting/instances.',
    'Without `kern.racct.enable=1` in /boot/loader.conf the kernel does not count what instances use.',
  ],
  readsOnly: true,
  options: {
    ids: optional(
      listOf(text('An id.'), 'Tell of these instances. Default: of all. Blueprints and pools are told of always.'),
    ),
    figures: withDefault(
      flag('Tell also how full pools are, and what went through the interfaces of instances. Default: false.'),
      false,
    ),
    facts: withDefault(flag('Return the same as the fact `bluejail` too, for later tasks.'), false),
    ...siteOptions,
  },
  state: {
    host: text('The name it has in rc.conf.'),
    instances: mapping(instance, 'Instances by id.'),
    blueprints: mapping(blueprint, 'Blueprints by name.'),
    pools: mapping(pool, 'Pools by name.'),
    not_as_configured: sentences,
    table: listOf(text('A line.'), 'The instances as a table, a line each.'),
  },
  facts: { bluejail: 'The same as RV(state), where O(facts) is true.' },
  examples: {
    'The whole host': {},
    'For later tasks, as the variable bluejail': { facts: true },
    'With all that it counts': { figures: true },
    'One instance': { ids: ['web1'] },
  },

  observe: (options, machine) => lookAtHost(siteOf(options), machine, options.figures),

  plan: ({ ids, facts }, seen, now) => planInfo({ ids: ids?.map(checkInstanceId), facts }, seen, now),
})
