/** Takes and prunes snapshots as the policy file says. Installed and scheduled by the module zfs_autosnap. */
import { Refused } from '../modules/core/errors.ts'
import { defineProgram, type ExitStatus, type Surroundings, WrongUsage } from '../modules/core/host-program.ts'
import { describeStep } from '../modules/core/step.ts'
import { destroySnapshots, takeSnapshots } from '../modules/freebsd/zfs-snapshots.ts'
import { lookAtSnapshots } from '../modules/rules/snapshot/look.ts'
import { ownName, timeOfOwn } from '../modules/rules/snapshot/names.ts'
import { absences, oddities, planPruning, planTaking } from '../modules/rules/snapshot/plan.ts'
import { POLICY_FILE, readPolicyFile, type Settings } from '../modules/rules/snapshot/settings.ts'
import { moment, statusOf } from '../modules/rules/snapshot/status.ts'
import { foreseen } from './autosnap/prune.ts'
import { reportWords, statusWords } from './autosnap/report.ts'
import { withoutResilvering } from './autosnap/resilver.ts'
import { runOnce } from './autosnap/run.ts'
import { sentence } from './autosnap/sentence.ts'
import { commandsFor } from './autosnap/take.ts'

const USAGE = `usage: autosnap run [--quiet] [--json]      take what is due, destroy what has expired
       autosnap plan [--json]               say what a run would do, in commands
       autosnap status [--json]             how old snapshots are, and when the next is due
options: --now=2026-11-22T12:00:00Z         as if it were then
         --policies=FILE                    instead of ${POLICY_FILE}
exit status: 0 all is well, 1 something needs a look and is named, 2 the work could not be done`

interface Wish {
  readonly command: 'run' | 'plan' | 'status'
  readonly quiet: boolean
  readonly json: boolean
  readonly now: Date
  readonly file: string
}

export default defineProgram({
  name: 'autosnap',
  summary: 'snapshots by policy',
  usage: USAGE,
  async main(around) {
    const wish = readArguments(around)
    const text = await around.host.read(wish.file)
    if (text === undefined) throw new Refused(`there is no ${wish.file}. The module zfs_autosnap writes it.`)
    const settings = readPolicyFile(text, wish.file)
    switch (wish.command) {
      case 'run':
        return run(wish, settings, around)
      case 'plan':
        return plan(wish, settings, around)
      case 'status':
        return status(wish, settings, around)
    }
  },
})

function readArguments({ args, now }: Surroundings): Wish {
  const [command, ...rest] = args
  if (command !== 'run' && command !== 'plan' && command !== 'status')
    throw new WrongUsage(command === undefined ? 'a command is missing' : `'${command}' is no command`)
  const given = new Map(
    rest.map(word => [word.split('=', 1)[0] ?? '', word.includes('=') ? word.slice(word.indexOf('=') + 1) : '']),
  )
  for (const [option, value] of given) {
    const takesValue = option === '--now' || option === '--policies'
    if (!takesValue && option !== '--json' && option !== '--quiet') throw new WrongUsage(`'${option}' is no option`)
    if (takesValue !== (value !== ''))
      throw new WrongUsage(`${option} is given ${takesValue ? `as ${option}=VALUE` : 'without a value'}`)
  }
  const then = given.get('--now')
  const moment = then === undefined ? now() : new Date(then)
  if (Number.isNaN(moment.getTime())) throw new WrongUsage(`'${then}' is no time`)
  return {
    command,
    quiet: given.has('--quiet'),
    json: given.has('--json'),
    now: moment,
    file: given.get('--policies') ?? POLICY_FILE,
  }
}

const secondsOf = (now: Date) => Math.floor(now.getTime() / 1000)

async function run({ now, json, quiet }: Wish, settings: Settings, around: Surroundings): Promise<ExitStatus> {
  const report = await runOnce(settings, now, around)
  if (json) around.say(JSON.stringify(report))
  else for (const line of reportWords(report, quiet)) around.say(line)
  return report.troubles.length > 0 ? 1 : 0
}

async function plan({ now, json }: Wish, settings: Settings, { host, say }: Surroundings): Promise<ExitStatus> {
  const seconds = secondsOf(now)
  const look = await lookAtSnapshots(settings, host)
  const { groups, empty } = planTaking(look, settings.site, seconds)
  const name = ownName(now)
  const due = groups.flatMap(({ datasets }) => datasets)
  const taken = new Map(due.map(dataset => [dataset, { name, time: timeOfOwn(name) ?? seconds }]))
  const { names: condemned, blocked } = await sentence(planPruning(look, seconds, taken), seconds, host)
  const { names, pools: resilvering } = await withoutResilvering(condemned, settings, host)
  const hooked = groups.filter(({ policy }) => policy.hooks.length > 0)
  const steps = [
    ...commandsFor(
      groups.filter(group => !hooked.includes(group)),
      name,
    ),
    ...hooked.map(({ datasets }) => datasets),
  ]
    .map(datasets => takeSnapshots(datasets.map(dataset => `${dataset}@${name}`)))
    .concat(foreseen(names, look).map(batch => destroySnapshots(batch.dataset, batch.names, batch.recursive)))
    .map(describeStep)
  const troubles = [...absences(look, settings), ...oddities(look, seconds)]
  const told = {
    now: moment(seconds),
    steps,
    empty,
    skipped: Object.fromEntries([...look.skipped, ...resilvering]),
    blocked: Object.fromEntries(blocked),
    troubles,
  }
  if (json) say(JSON.stringify(told))
  else {
    for (const line of steps.length === 0 ? ['Nothing is due, and nothing has expired.'] : steps) say(line)
    for (const [what, why] of [...look.skipped, ...resilvering, ...blocked]) say(`# left alone: ${what}: ${why}`)
    for (const line of troubles) say(`# ${line}`)
  }
  return troubles.length > 0 ? 1 : 0
}

async function status({ now, json }: Wish, settings: Settings, { host, say }: Surroundings): Promise<ExitStatus> {
  const seconds = secondsOf(now)
  const look = await lookAtSnapshots(settings, host)
  const policies = statusOf(look, settings, seconds)
  const { blocked } = await sentence(planPruning(look, seconds), seconds, host)
  const troubles = [
    ...absences(look, settings),
    ...oddities(look, seconds),
    ...[...policies].flatMap(([name, { stale }]) =>
      stale
        .filter(dataset => !look.skipped.has(dataset))
        .map(dataset => `${dataset} has no snapshot as new as the policy '${name}' wants.`),
    ),
  ]
  if (json) {
    const told = [...policies].map(([name, each]) => [
      name,
      {
        ...each,
        oldestNewest: each.oldestNewest === undefined ? null : moment(each.oldestNewest),
        nextDue: each.nextDue === undefined ? null : moment(each.nextDue),
      },
    ])
    const others = { skipped: Object.fromEntries(look.skipped), blocked: Object.fromEntries(blocked), troubles }
    say(JSON.stringify({ now: moment(seconds), policies: Object.fromEntries(told), ...others }))
  } else for (const line of statusWords(policies, look, blocked, troubles, seconds)) say(line)
  return troubles.length > 0 ? 1 : 0
}
