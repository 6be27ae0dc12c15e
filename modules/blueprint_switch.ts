/** Instances run on another blueprint: stopped, merged, started, looked after, and taken back where they are not well. */
import { defineModule } from './core/module.ts'
import { bootSteps, lookAtBoot, PROGRAM } from './rules/switch/boot.ts'
import { OPTIONS, STATE } from './rules/switch/options.ts'
import { lookAtReadiness } from './rules/switch/ready.ts'
import { planSwitches } from './rules/switch/report.ts'
import { lookAtStand } from './rules/switch/standing.ts'

export default defineModule({
  name: 'blueprint_switch',
  summary: 'Instances run on another blueprint, and what their customers changed stays',
  description: [
    'For each instance: stops it, takes a held snapshot of all its datasets, merges its files below etc and usr/local/etc with those of the new blueprint, puts the new fstab in place, starts it, and looks after it until it is well. What can be found out or refused before is, so that it is away for seconds.',
    "The merge is three-way, between what the instance last received, the new blueprint, and the instance's own: what only the customer changed stays, what only the blueprint changed is taken, and what both changed is merged line by line, or account by account in the password files. Where that cannot be, `conflicts` decides, and `state` tells. No link of the customer's is ever followed.",
    'An instance that is not well at its deadline goes back by itself: its files from the snapshot, its old fstab, its old blueprint. That fails the task, and tells why. Data that was written meanwhile stays, unless `rollback_data` is set. Where the new blueprint was started on its data, the snapshot of before is kept and named; one that is not well after its return counts as `failed`.',
    'Killed at any point, or after a loss of power, the next run of it (or `state=resumed`) brings the switch to its end: back, where not all files were in place, else forward. At boot, before jails start, the program of the module does as much as lets each start as the one or the other.',
    'Several instances are on their way at the same time, and none waits for another. In check mode, and in the diff, is all that will be done: packages, merges, conflicts.',
  ],
  notes: [
    'Rolling back is possible as long as the snapshot of the last switch and its blueprint are there.',
    'Before the stop there must be room for what is written, for what would be put back, and for the journal; what is missing is told in MiB.',
    'Check mode looks into an instance through its running jail. One that does not run is mounted nowhere, and to mount it would be a change: what its customer has changed of it is seen, and told, when it is switched.',
    "An operator's way back keeps what it overwrites in a snapshot `rollback-TIME`; of those as many are kept as of ways back.",
    'A switch to the revision that an amendment made is a switch too: it brings the files that the amendment changed.',
    'While an instance is on its way, `journal.json` lies in its directory, and snapshots and replicas leave it alone.',
  ],
  program: PROGRAM,
  options: OPTIONS,
  state: STATE,
  examples: {
    'An instance on a new blueprint, looked at from inside and from the host': {
      id: 'web1',
      blueprint: '2027Q1-php84',
      health: {
        deadline: 30,
        commands: [['service', 'nginx', 'status']],
        tcp: [80],
        http: [{ port: 80, path: '/health', status: 200, text: 'ok' }],
      },
    },
    'All that run on the old one, two at a time': {
      running_on: '2026Q4-php83',
      blueprint: '2027Q1-php84',
      parallel: 2,
    },
    'Several, each as it needs it': {
      blueprint: '2027Q1-php84',
      instances: ['web1', { id: 'web2', conflicts: 'replace', keep_generations: 1 }],
    },
    'Back to what was before': { id: 'web1', state: 'rolled_back' },
    'A switch that was cut off is brought to its end': { id: 'web1', state: 'resumed' },
  },

  /** One process where nothing is to be done, however many instances. */
  async observe(options, machine) {
    const stand = await lookAtStand(options, machine)
    return { stand, readiness: await lookAtReadiness(stand, machine), boot: await lookAtBoot(machine) }
  },

  plan: ({ parallel, error_budget }, { stand, readiness, boot }) =>
    planSwitches(stand, readiness, { atOnce: parallel, errorBudget: error_budget }, bootSteps(boot, stand.site)),
})
