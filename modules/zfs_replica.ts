/** Dataset trees have up-to-date copies: by a program on the host, from cron, without Ansible; or now. */
import { InvalidOptions } from './core/errors.ts'
import { defineModule } from './core/module.ts'
import { choice, flag, integer, listOf, mapping, optional, record, text, withDefault } from './core/options.ts'
import { asksForAccess, lookAtAccess } from './rules/replica/access-plan.ts'
import { lookAtInstalled } from './rules/replica/install.ts'
import { jobsOf } from './rules/replica/jobs.ts'
import { lookAtLeft } from './rules/replica/leave.ts'
import { PROGRAM } from './rules/replica/names.ts'
import { ACCESS, SETTINGS } from './rules/replica/options.ts'
import { earlierJobs, lookAtCopies, planReplicas, settingsOfTask } from './rules/replica/plan.ts'

const { replicas, ...site } = SETTINGS

export default defineModule({
  name: 'zfs_replica',
  summary: 'Trees of ZFS datasets have up-to-date copies, on another host or here',
  description: [
    'Installs a program, /usr/local/libexec/bluejail/replicate, with what it is to do in /usr/local/etc/bluejail/replicate.json, and a line for cron in /usr/local/etc/cron.d. `replicate plan` says what the next run will do, `replicate status` how far copies are behind, `replicate --help` the rest. With `run` it also replicates now, and fails where a copy could not be brought up to date.',
    'Snapshots are sent as they are; who takes them is M(bluejail.hosting.zfs_autosnap). What both sides have is known by guid, never by name, and bookmarks keep the chain of increments whole when the source prunes. The newest snapshot of a copy is held. What an interrupted run has sent is not sent again.',
    'A dataset without snapshots that has others below it gets an empty one in its place. Once it has snapshots, these are received beside, and the empty one is kept as `NAME-placeholder-TIME`: destroy it as you like.',
    'A copy is read-only, not mounted and not to be mounted at boot; it has the properties of its source but for mount points, shares, quotas and reservations. What is encrypted is sent as it is, and the other side needs no key.',
    'Nothing is forced: a copy that was changed, or that has nothing in common with its source, is left and told, or with `diverged: rotate` renamed and begun anew: `zfs release -r bluejail-replica` lets go of what was renamed before it can be destroyed. One that is not read-only is in use, and is left in any case. Instances that are being switched to another blueprint are left out until that is over. Each instance shows when and where its replica is (M(bluejail.hosting.hosting_info)).',
  ],
  notes: [
    'Over ssh each host runs for the other the few commands that replication needs. On the other host `logins` makes a user without a password, whose keys run `replicate serve` and nothing else, on datasets below one that zfs(8) allows it: it can add to copies and take away the snapshots that replication took for itself, and cannot destroy copies, roll them back or see others. What it sends brings no mount point of its own; that it inherits none either, the dataset of the login has `mountpoint=none`, as roles/backup_target makes it. Permissions that such a user was given by hand on that dataset are taken away.',
    'A host that fetches cannot see whether an instance is being switched to another blueprint, unless it logs in as root, and both have instances below the same `hosting_dataset` and `hosting_path`. It copies the snapshots that are there, none of which is of what is half changed, and takes none of instances itself, with `snapshot` neither.',
    'Its lock is its own: a run by cron and one by this module do not wait for each other, the later one says who is at it.',
    '`state: absent` takes away what makes this host replicate, and the program too unless other hosts log in by it. Copies stay, and the holds on them. Bookmarks of replicas that are not among `replicas` any more go from their source; those that an earlier version left there, `replicate forget NAME` takes away.',
    '`replicate status` exits with 1 where a copy has lacked a snapshot for longer than `late_minutes`; it is in the daily mail of periodic(8), which `daily_status_bluejail_replicate_enable="NO"` in /etc/periodic.conf turns off. How old copies are it tells too: a source that takes no snapshots any more has no copy that is behind.',
  ],
  program: PROGRAM,
  options: {
    replicas: optional(replicas),
    ...site,
    ...ACCESS,
    run: withDefault(flag('Replicate now.'), false),
    snapshot: withDefault(
      flag(
        'With `run`: take a snapshot of what is replicated first, so there is always something to send. It goes again, on both sides, once the copy has a newer one and no other replica goes on from it.',
      ),
      false,
    ),
    only: optional(listOf(text('A name.'), 'With `run`: these of the replicas alone.')),
    state: withDefault(choice(['present', 'absent'], 'Whether this host makes copies by itself.'), 'present'),
  },
  state: {
    scheduled: flag('Whether cron starts the program.'),
    replicas: mapping(
      record(
        {
          source: text('What is copied.'),
          target: text('Where to.'),
          datasets: optional(integer('With `run`: how many are to have a copy.')),
          current: optional(integer('With `run`: how many copies have the newest snapshot.')),
          problems: optional(listOf(text('A sentence.'), 'With `run`: why others have not.')),
        },
        'A replica.',
      ),
      'By name.',
    ),
    public_key: optional(text('What belongs to `key`.')),
    host_key: optional(text("This host's own key, an ed25519 one, where the task speaks of keys or logins.")),
    known_hosts: optional(integer('How many other hosts are known.')),
    logins: optional(
      mapping(
        record(
          {
            dataset: text('Below which it may work.'),
            keys: integer('How many keys it has.'),
            allowed: integer('How many permissions.'),
          },
          'A login.',
        ),
        'By user.',
      ),
    ),
  },
  examples: {
    'All instances to another host, every quarter of an hour': {
      replicas: [
        {
          name: 'to-hamburg2',
          dataset: 'zroot/hosting/instances',
          target: 'backup/hamburg1/instances',
          to: { host: 'hamburg2.example', key: '/root/.ssh/replica' },
          exclude: ['*/tmp'],
        },
      ],
    },
    'To a second pool, now': {
      replicas: [{ name: 'second', dataset: 'zroot/hosting/shared', target: 'zroot/copy/shared' }],
      minutes: 0,
      run: true,
    },
    'Fetched by the host that keeps copies, and no more than 20 MB in a second': {
      replicas: [
        {
          name: 'hamburg1',
          dataset: 'zroot/hosting/instances',
          target: 'zroot/copies/hamburg1',
          from: 'hamburg1.example',
          bandwidth: '20M',
        },
      ],
    },
    'A host that keeps the copies of another': {
      logins: [
        {
          user: 'hamburg1',
          dataset: 'zroot/copies/hamburg1',
          public_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC1x root@hamburg1'],
          from: '192.0.2.3',
        },
      ],
    },
    'A host that sends, with a key of its own': {
      key: '/root/.ssh/replica',
      known_hosts: [{ host: 'hamburg2.example', key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB7f' }],
      replicas: [
        {
          name: 'to-hamburg2',
          dataset: 'zroot/hosting/instances',
          target: 'zroot/copies/hamburg1/instances',
          to: {
            host: 'hamburg2.example',
            user: 'hamburg1',
            key: '/root/.ssh/replica',
            known_hosts: '/usr/local/etc/bluejail/replicate.known_hosts',
          },
        },
      ],
    },
    'No copies by this host any more': { state: 'absent' },
  },

  async observe(options, machine) {
    if (options.state === 'present' && (options.replicas?.length ?? (asksForAccess(options) ? 1 : 0)) === 0)
      throw new InvalidOptions("there are no 'replicas'. Give at least one, or 'state: absent'")
    const jobs = options.state === 'absent' ? [] : jobsOf(settingsOfTask(options))
    const unknown = (options.only ?? []).filter(name => !jobs.some(job => job.name === name))
    if (unknown.length > 0) throw new InvalidOptions(`only: there is no replica ${unknown.join(', ')}`)
    const chosen = options.only === undefined ? jobs : jobs.filter(({ name }) => options.only?.includes(name))
    const installed = await lookAtInstalled(machine)
    const isAboutReplicas = options.state === 'absent' || options.replicas !== undefined
    return {
      installed,
      jobs,
      left: isAboutReplicas ? await lookAtLeft(earlierJobs(installed), jobs, machine) : [],
      access: asksForAccess(options) ? await lookAtAccess(options, machine) : undefined,
      copies: options.run ? await lookAtCopies(chosen, machine) : new Map(),
    }
  },

  plan: (options, seen, _now, done) => planReplicas(options, seen, done),
})
