/** Snapshots are taken and pruned by policy: by a program on the host, from cron, without Ansible. */
import { Failure, InvalidOptions } from './core/errors.ts'
import type { Probe } from './core/host.ts'
import { defineModule } from './core/module.ts'
import { choice, flag, integer, mapping, optional, record, text, withDefault } from './core/options.ts'
import { installing, lookAtInstalled, PROGRAM, removing } from './rules/snapshot/install.ts'
import { lookAtSnapshots } from './rules/snapshot/look.ts'
import { SETTINGS } from './rules/snapshot/options.ts'
import { absentOf, oddities } from './rules/snapshot/plan.ts'
import { policyFile, readPolicyFile, type Settings, settingsOf, type Wanted } from './rules/snapshot/settings.ts'
import { type InForce, policiesState } from './rules/snapshot/state.ts'

const policy = record(
  {
    keeps: text('What it keeps, in words.'),
    datasets: integer('How many have it.'),
    snapshots: integer('How many of our snapshots they have.'),
    adopted: optional(integer('How many of other programs it prunes too.')),
    next_due: optional(text('When the next snapshot is due, in UTC, or `now`.')),
  },
  'A policy.',
)

export default defineModule({
  name: 'zfs_autosnap',
  summary: 'Snapshots of ZFS datasets are taken and pruned by policy, without Ansible',
  description: [
    'Installs a program, /usr/local/libexec/bluejail/autosnap, with its policies in /usr/local/etc/bluejail/autosnap.json, a line for cron in /usr/local/etc/cron.d, and a report in the daily mail of periodic(8), which `daily_status_bluejail_autosnap_enable="NO"` in /etc/periodic.conf turns off. `autosnap plan` says what the next run will do, `autosnap status` how things are, `autosnap --help` the rest.',
    'A snapshot is due where the present hour, day, week or whatever the policy counts has none yet, so a missed run is caught up with, and it does not matter how often the program runs. It keeps the oldest of each of the newest so many hours, days and so on that have any, and the newest always. What stays depends on the snapshots alone, not on when or how often they are pruned.',
    'Snapshots are named like `auto-20261122T130000Z`. No other snapshot is ever destroyed, but for those of other programs that a policy adopts. One that is held or has a clone stays, and is named. Instances that are being switched to another blueprint are left alone, half received datasets too, and what a restore or a replica has set aside (`NAME-before-TIME`, `NAME-diverged-TIME`) keeps what it has.',
    'Mounted or not, of an instance that runs or of one that does not: every dataset with a policy gets its snapshots, all of a pool in one transaction where no hooks are to be run.',
  ],
  notes: [
    'The program has a lock of its own, and not that of the modules: a blueprint that is built for an hour must not cost an hourly snapshot. Directly before each snapshot it looks whether the instance is being switched.',
    'cron only sends what went wrong to syslog, tagged `bluejail-autosnap`.',
    '`state: absent` takes away the program and what makes it run. Snapshots stay.',
  ],
  program: PROGRAM,
  options: {
    ...SETTINGS,
    minutes: withDefault(integer('Cron starts the program every so many minutes.', 1, 30), 5),
    state: withDefault(choice(['present', 'absent'], 'Whether this host takes snapshots by policy.'), 'present'),
  },
  state: {
    scheduled: flag('Whether cron starts the program.'),
    policies: mapping(policy, 'Policies in force, by name.'),
  },
  examples: {
    'Instances and shared data, with the days of Amsterdam': {
      policies: [{ name: 'default', hourly: 24, daily: 7, weekly: 4, monthly: 12, timezone: 'Europe/Amsterdam' }],
      datasets: [
        { name: 'zroot/hosting/instances', policy: 'default' },
        { name: 'zroot/hosting/shared', policy: 'default' },
        { name: 'zroot/hosting/instances/*/tmp', policy: 'off' },
      ],
    },
    'Databases every quarter of an hour, their tables locked for that moment': {
      policies: [{ name: 'databases', frequent: 8, hourly: 24, hooks: ['mariadb', 'postgresql'] }],
      datasets: [{ name: 'zroot/hosting/instances/db1', policy: 'databases' }],
    },
    'Datasets say by themselves, as with zfstools, whose snapshots expire': {
      policies: [{ name: 'default', hourly: 24, daily: 31, adopt: ['zfstools'] }],
      zfstools_policy: 'default',
    },
    'No snapshots by policy any more': { state: 'absent' },
  },

  async observe(options, machine) {
    const { wanted, everyMinutes } = parts(options)
    const installed = await lookAtInstalled(machine)
    const settings = options.state === 'present' ? checked(wanted, everyMinutes) : undefined
    const earlier = installed.files.policies.text === undefined ? undefined : readable(installed.files.policies.text)
    const target = settings === undefined ? undefined : await inForce(settings, machine)
    const isSame = target !== undefined && installed.files.policies.text === policyFile(wanted)
    return {
      installed,
      target,
      earlier: isSame || earlier === undefined ? earlier && target : await inForce(earlier, machine),
    }
  },

  plan(options, { installed, target, earlier }, date) {
    const now = Math.floor(date.getTime() / 1000)
    const stateOf = (scheduled: boolean, force: InForce | undefined) => ({
      scheduled,
      policies: force === undefined ? {} : policiesState(force, now),
    })
    const before = stateOf(installed.files.cron.status !== undefined, earlier)
    if (target === undefined) {
      const steps = removing(installed)
      const msg =
        steps.length === 0 ? 'No snapshots are taken by policy.' : 'No snapshots are taken by policy any more.'
      return { before, after: stateOf(false, undefined), steps, msg }
    }
    const { wanted, everyMinutes } = parts(options)
    return {
      before,
      after: stateOf(true, target),
      steps: installing(installed, wanted, everyMinutes),
      unmet: absentOf(target.look, target.settings).map(
        ({ name }) => `There is no dataset '${name}', which 'datasets' gives a policy. Create it first (zfs_dataset).`,
      ),
      warnings: oddities(target.look, now),
      msg: `${target.look.attached.length} dataset(s) with ${target.settings.policies.size} policies.`,
    }
  },
})

function parts({ minutes, state: _, ...wanted }: Wanted & { readonly minutes: number; readonly state: string }) {
  return { wanted, everyMinutes: minutes }
}

function checked(wanted: Wanted, everyMinutes: number): Settings {
  const settings = settingsOf(wanted)
  if (settings.policies.size === 0)
    throw new InvalidOptions("there are no 'policies'. Give at least one, or 'state: absent'")
  for (const { name, keep, frequentMinutes } of settings.policies.values())
    if (keep.frequent > 0 && frequentMinutes < everyMinutes)
      throw new InvalidOptions(
        `policy '${name}' wants a snapshot every ${frequentMinutes} minutes, and the program runs every ${everyMinutes}. Give a lower 'minutes', or a higher 'frequent_minutes'`,
      )
  return settings
}

/** What a file says that may be older than this module, or somebody's own: it is replaced anyway. */
function readable(file: string): Settings | undefined {
  try {
    return readPolicyFile(file)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

const inForce = async (settings: Settings, machine: Probe): Promise<InForce> => ({
  settings,
  look: await lookAtSnapshots(settings, machine),
})
