/** Policies as a task writes them; the policy file on the host says the same in the same words, and is read with this. */
import {
  choice,
  flag,
  integer,
  listOf,
  mapping,
  optional,
  record,
  scalar,
  text,
  withDefault,
} from '../../core/options.ts'
import { PROPERTY } from '../layout.ts'
import { siteOptions } from '../site.ts'
import { GROUPS, HOOKS, SCHEMES } from './policy.ts'

const count = (about: string) => withDefault(integer(about, 0, 100_000), 0)
const words = (about: string) => optional(listOf(text('A word.'), about))

const hook = record(
  {
    kind: choice(
      HOOKS,
      '`mariadb`: tables are flushed and locked. `postgresql`: a checkpoint is made, so that what the snapshot holds starts quickly. Both in instances where such a server runs, and nowhere else. `command`: your own.',
    ),
    before: words('Of `command`: program and arguments, run before the snapshot.'),
    after: words('Of `command`: program and arguments, run after the snapshot, also where `before` failed.'),
    inside: withDefault(
      flag(
        'Of `command`: run it in the instance, and not on the host. Where it does not run, nothing is run. On the host, groups take turns.',
      ),
      false,
    ),
    timeout_seconds: withDefault(
      integer(
        'How long each command may take, and how long tables stay locked: then they are let go, whether the snapshot is over or not, and that is reported.',
        1,
        3600,
      ),
      30,
    ),
    on_failure: withDefault(
      choice(
        ['skip', 'continue'],
        'Where it fails: no snapshot of this group now, or one as after a power cut. It is reported in any case.',
      ),
      'continue',
    ),
  },
  'What is done around the snapshots of a group.',
  'kind',
)

const adoption = record(
  {
    names: choice(SCHEMES, 'The program whose names these are.'),
    prefix: withDefault(text('Of zfstools: what the names begin with.'), 'zfs-auto-snap'),
    keep: optional(
      mapping(
        integer('How many stay.', 0),
        'How many of each label stay. A label that is not here is left alone. Default: as many as the policy keeps of `frequent` (sanoid: `frequently`), `hourly`, `daily`, `weekly`, `monthly` and `yearly`, where that is not 0.',
      ),
    ),
  },
  "Snapshots of another program, pruned by their own label: zfstools' by count, sanoid's by count and age. A name that does not match in full is never touched.",
  'names',
)

const policy = record(
  {
    name: text('Its name, for datasets to refer to: letters, digits, `_` and `-`.'),
    frequent: count('How many snapshots a few minutes apart to keep, see `frequent_minutes`.'),
    frequent_minutes: withDefault(integer('How many minutes those are apart.', 1, 59), 15),
    hourly: count('How many hours to keep a snapshot of.'),
    daily: count('How many days.'),
    weekly: count('How many weeks; they begin on Monday.'),
    monthly: count('How many months.'),
    yearly: count('How many years.'),
    keep_last: count('Keep so many of the newest in any case. The newest stays always.'),
    max_age_days: optional(
      integer(
        'Destroy ours that are older than so many days of 24 hours, whatever else is to be kept; the newest stays. It goes by the clock of the host: with one that is a year ahead, what is younger than a year goes too. An hour, day, week, month or year goes with its beginning. Where nothing else is given with `take: false`, all that are younger stay.',
        1,
        100_000,
      ),
    ),
    timezone: withDefault(text('Where days, weeks, months and years begin, like `Europe/Amsterdam`.'), 'UTC'),
    skip_empty: withDefault(
      flag(
        'Take none where nothing was written since the newest snapshot, and that is ours: of an instance, in none of its datasets with this policy, since they are restored together.',
      ),
      false,
    ),
    take: withDefault(flag('No: only prune. For replicas, which get their snapshots from elsewhere.'), true),
    group: withDefault(
      choice(
        GROUPS,
        'What gets its snapshots in one transaction, between the same hooks: all datasets of an `instance` (others each by itself), each `dataset` by itself, or all of the `policy` in a pool.',
      ),
      'instance',
    ),
    hooks: optional(
      listOf(
        hook,
        'What is done around the snapshots of each group, in this order, tables of MariaDB locked last, and undone in the opposite one.',
      ),
    ),
    adopt: optional(listOf(adoption, 'Snapshots of other programs that are pruned too.')),
  },
  'How many snapshots of which age there are. Whatever the counts, one snapshot serves all of them: `hourly: 24, daily: 7` is one every hour, and of those one of each day stays for a week.',
)

const attachment = record(
  {
    name: text('A dataset. A component may be `*` for any one, as in `zroot/hosting/instances/*/tmp`.'),
    policy: scalar('The name of the policy, or `off`.'),
    recursive: withDefault(flag('All below it too.'), true),
  },
  'Which datasets a policy is for. Of two that fit, that of the nearer dataset counts, and one with a name before one with `*`.',
)

/** What the policy file holds. */
export const SETTINGS = {
  policies: optional(listOf(policy, 'Policies.')),
  datasets: optional(listOf(attachment, 'Datasets with the policy they have. `property` goes before it.')),
  property: withDefault(
    text(
      'The user property by which datasets say their policy themselves, or `off`. It is inherited, as all user properties are.',
    ),
    PROPERTY.autosnap,
  ),
  zfstools_policy: optional(
    text(
      'The policy of datasets whose `com.sun:auto-snapshot` is `true`, `mysql` or `postgresql`, as zfstools has it; any other value means no snapshots, where `datasets` gives a policy too. Of one tier, `com.sun:auto-snapshot:hourly` goes before it: where it says no, none are taken for that tier, and those that are there stay as long as the policy says. Where this is not given, those properties mean nothing.',
    ),
  ),
  wait_for_resilver: withDefault(
    flag(
      'While a pool is being resilvered, destroy nothing in it: that keeps the same disks busy. Snapshots are taken all the same, and where there is no room for them, what has expired goes after all.',
    ),
    false,
  ),
  prometheus_file: optional(
    text('Write metrics there after each run, for the textfile collector of node_exporter. Its directory must exist.'),
  ),
  ...siteOptions,
}
