/** Replication as a host does it by itself: /usr/local/libexec/bluejail/replicate. */
import { setTimeout as after } from 'node:timers/promises'
import { isExplained, LockHeld, Refused } from '../modules/core/errors.ts'
import { defineProgram, type ExitStatus, type Surroundings, WrongUsage } from '../modules/core/host-program.ts'
import { inPlace, readInput, type Transfer, transferHere } from '../modules/core/streams.ts'
import { readHead } from '../modules/freebsd/zfs-stream.ts'
import { lookAtBoth } from '../modules/rules/replica/both.ts'
import type { Job } from '../modules/rules/replica/jobs.ts'
import { ownSnapshot, PROGRAM, SETTINGS_FILE } from '../modules/rules/replica/names.ts'
import { readSettings } from '../modules/rules/replica/settings.ts'
import { planTree } from '../modules/rules/replica/tree.ts'
import { lagging } from './replicate/lag.ts'
import { afterRun, headOf, linesOf, needsLook, planned, type ReplicaReport } from './replicate/report.ts'
import { bringUpToDate, type Wires } from './replicate/rounds.ts'
import { checkStream, type Grant, served, takesStream } from './replicate/serve.ts'
import { settle } from './replicate/settle.ts'
import { snapshotNow } from './replicate/snapshot-now.ts'

const USAGE = `usage: ${PROGRAM} run|plan|status [--json] [--quiet] [--snapshot] [--config FILE] [REPLICA ...]
       ${PROGRAM} serve --target DATASET | --source DATASET

run     brings copies up to date; all that ${SETTINGS_FILE} names, or these
plan    tells what run would do
status  tells what copies have, and how far they are behind
serve   what sshd runs for the other host (command="..." in authorized_keys): of replication alone

--quiet     say nothing of copies that are up to date
--snapshot  run: take a snapshot of what is replicated first`

/** What of a machine tests replace. */
export interface Ways {
  readonly transfer: Transfer
  readonly pause: (seconds: number) => Promise<void>
}

const HERE: Ways = { transfer: transferHere, pause: seconds => after(seconds * 1000) }

export const replicate = (ways: Ways) =>
  defineProgram({
    name: PROGRAM,
    summary: 'Copies of dataset trees, here or on another host, are kept up to date',
    usage: USAGE,
    async main(around) {
      const [verb, ...words] = around.args
      if (verb === 'serve') return serve(words, around)
      if (verb !== 'run' && verb !== 'plan' && verb !== 'status')
        throw new WrongUsage(verb === undefined ? 'say what to do' : `'${verb}' is no command`)
      return overJobs(verb, readWords(words), around, ways)
    },
  })

export default replicate(HERE)

interface Words {
  readonly json: boolean
  readonly quiet: boolean
  readonly snapshot: boolean
  readonly config: string
  readonly names: readonly string[]
}

function readWords(words: readonly string[]): Words {
  const rest = [...words]
  const read = { json: false, quiet: false, snapshot: false, config: SETTINGS_FILE, names: [] as string[] }
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--json') read.json = true
    else if (word === '--quiet') read.quiet = true
    else if (word === '--snapshot') read.snapshot = true
    else if (word === '--config') read.config = rest.shift() ?? ''
    else if (word.startsWith('-')) throw new WrongUsage(`there is no option ${word}`)
    else read.names.push(word)
  }
  return read
}

async function overJobs(
  verb: 'run' | 'plan' | 'status',
  words: Words,
  around: Surroundings,
  { transfer, pause }: Ways,
): Promise<ExitStatus> {
  const { host, now, ending, say } = around
  const jobs = chosen(await readSettings(host, words.config), words.names)
  const wires: Wires = { machine: host, transfer, now, pause, ending }
  const unlock = verb === 'run' ? await locked(around, words.quiet) : async () => {}
  if (unlock === undefined) return 0
  try {
    const reports: ReplicaReport[] = []
    for (const job of jobs) {
      if (ending.aborted) break
      const report = await reportOn(job, verb, words, wires)
      reports.push(report)
      if (!words.json && !(words.quiet && !needsLook(report))) for (const line of linesOf(report)) say(line)
    }
    if (words.json) say(JSON.stringify({ format: 1, replicas: reports }))
    if (reports.some(({ failed }) => failed !== undefined)) return 2
    return reports.some(needsLook) ? 1 : 0
  } finally {
    await unlock()
  }
}

/** Much data takes longer than cron waits: its next run has nothing to say of that, and nothing to do. */
async function locked({ host, holder }: Surroundings, isQuiet: boolean) {
  try {
    return await host.lock(holder)
  } catch (error) {
    if (isQuiet && error instanceof LockHeld) return undefined
    throw error
  }
}

function chosen(jobs: readonly Job[], names: readonly string[]): readonly Job[] {
  const unknown = names.filter(name => !jobs.some(job => job.name === name))
  if (unknown.length > 0)
    throw new Refused(
      `there is no replica ${unknown.join(', ')}; there are: ${jobs.map(({ name }) => name).join(', ')}.`,
    )
  return names.length === 0 ? jobs : jobs.filter(({ name }) => names.includes(name))
}

/** One replica that fails leaves the others their turn. */
async function reportOn(job: Job, verb: 'run' | 'plan' | 'status', words: Words, wires: Wires): Promise<ReplicaReport> {
  const head = headOf(job)
  try {
    if (verb === 'run') {
      const unasked = words.snapshot ? await snapshotNow(job, wires, ownSnapshot(wires.now())) : []
      const course = await bringUpToDate(job, wires)
      const { warnings: unwritten, kept } = await settle(job, course, wires)
      const warnings = [...unasked, ...unwritten]
      return {
        ...head,
        datasets: course.items.map(item => afterRun(item, course)),
        warnings,
        ...(kept.length && { kept }),
      }
    }
    const { source, target, tokens, switching } = await lookAtBoth(job, wires.machine)
    const items = planTree(source, target, job.target.root, job.wishes, { tokens, refused: new Map(), switching })
    const datasets = verb === 'plan' ? items.map(planned) : await lagging(job, items, wires)
    return { ...head, datasets, warnings: [] }
  } catch (error) {
    if (!isExplained(error)) throw error
    return { ...head, datasets: [], warnings: [], failed: (error as Error).message }
  }
}

async function serve(
  [flag, dataset, ...more]: readonly string[],
  { host, complain }: Surroundings,
): Promise<ExitStatus> {
  if (dataset === undefined || more.length > 0 || (flag !== '--target' && flag !== '--source'))
    throw new WrongUsage('serve takes --target DATASET or --source DATASET')
  const grant: Grant = { dataset, role: flag === '--target' ? 'target' : 'source' }
  const line = process.env.SSH_ORIGINAL_COMMAND
  if (line === undefined) throw new Refused('this key is for replication alone: there is no shell.')
  const command = await served(line, grant, host)
  const head = takesStream(command) ? await readHead(readInput) : undefined
  if (head !== undefined) checkStream(head)
  const status = await inPlace(command, head?.bytes)
  if (status > 2) complain(`${PROGRAM}: '${command.slice(0, 2).join(' ')}' ended with ${status}`)
  return status as ExitStatus
}
