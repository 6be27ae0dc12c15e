/** jail(8): the command line (usr.sbin/jail/jail.c, state.c). */
import { kernelOf } from '../kernel.ts'
import type { Machine } from '../machine.ts'
import { Exit, getopt, type Screen, Unknown } from '../screen.ts'
import { type Steps, starting } from '../starting.ts'
import { BadConf } from './conf.ts'
import { type Job, warn } from './job.ts'
import { jailNamed, removeEmptyJails } from './kernel.ts'
import { quoted } from './quoting.ts'
import { isReady, startJail, stopJail, updateJail } from './sequence.ts'
import { type Configured, isWild, matches, readJails, Settings } from './settings.ts'

const USUAL_FILE = '/etc/jail.conf'

export const jail = starting('jail', function* (machine, call, screen): Steps<number> {
  const { set, values, operands } = getopt(call.args, 'cde:f:imn:p:qrRs:v')
  const removes = set.has('r') || set.has('R')
  const file = values.get('f')?.at(-1) ?? USUAL_FILE
  const separator = values.get('e')?.at(-1)
  yield* removeEmptyJails(machine)
  if (separator !== undefined) {
    for (const { settings } of load(machine, screen, file, call.stdin)) screen.out(`${show(settings, separator)}\n`)
    return 0
  }
  if (!removes && !set.has('c') && !set.has('m')) throw new Unknown('old form of the command line')
  if (values.has('n') || values.has('s')) throw new Unknown('form with -n or -s')

  const common = {
    machine,
    screen,
    verbosity: set.has('q') || set.has('i') ? -1 : set.has('v') ? 1 : 0,
    printsJid: set.has('i'),
    failed: false,
    persistsForNow: false,
  }
  const jobOf = (name: string | undefined, settings: Settings, noteRemoval: boolean): Job => ({
    ...common,
    name,
    settings,
    noteRemoval,
    jail: jailNamed(machine, settings.text('jid') ?? settings.text('name') ?? name ?? ''),
  })

  if (removes && !set.has('c') && !set.has('m')) {
    if (operands.length === 0) return usage(screen)
    return yield* removeAll()
  }
  const isLine = operands.length > 1 || operands[0]?.includes('=')
  if (isLine) return (yield* work(jobOf(undefined, fromWords(operands), true), false)) ? 0 : 1
  const configured = load(machine, screen, file, call.stdin)
  const chosen = choose(configured, operands[0])
  if (chosen === undefined) {
    screen.err(`jail: "${operands[0]}" not found\n`)
    return 1
  }
  const isGroup = operands[0] === undefined || isWild(operands[0])
  let status = 0
  for (const one of inOrder(chosen, configured)) {
    const job = jobOf(one.name, one.settings, true)
    for (const problem of problemsOf(one, configured)) {
      warn(job, problem)
      job.failed = true
    }
    if (job.failed || !(yield* work(job, isGroup))) status = 1
  }
  return status

  function* work(job: Job, isOneOfMany: boolean): Steps<boolean> {
    if (!isReady(job, true)) return false
    const absent = (): boolean => {
      screen.err(
        job.settings.find('name') === undefined
          ? 'jail: no jail specified\n'
          : `jail: "${job.settings.text('name')}" not found\n`,
      )
      return false
    }
    const updates = set.has('m') && !(set.has('c') && job.jail === undefined)
    if (updates) {
      if (job.jail === undefined) return absent()
      yield* updateJail(job)
      return !job.failed
    }
    if (removes) {
      if (job.jail === undefined && !isOneOfMany) return absent()
      if (job.jail !== undefined) yield* stopJail(job)
      if (job.failed) return false
    } else if (job.jail !== undefined) {
      if (isOneOfMany) return true
      screen.err(`jail: "${job.name ?? job.settings.text('name')}" already exists\n`)
      return false
    }
    yield* startJail(job)
    return !job.failed
  }

  function* removeAll(): Steps<number> {
    const knowsFile = !set.has('R') && (file === '-' || machine.tree.realpath(file) !== undefined)
    const configured = knowsFile ? load(machine, screen, file, call.stdin) : []
    const noteRemoval = knowsFile || operands.length > 1 || isWild(operands[0] ?? '')
    let status = 0
    for (const operand of operands) {
      const named = configured.filter(each => (isWild(operand) ? matches(each.name, operand) : each.name === operand))
      const running = kernelOf(machine).jails.filter(each =>
        isWild(operand) ? set.has('R') && matches(each.name, operand) : jailNamed(machine, operand) === each,
      )
      const targets = named.length > 0 ? named : running.map(each => ({ name: each.name, settings: new Settings() }))
      if (targets.length === 0 && !isWild(operand)) {
        screen.err(`jail: "${operand}" not found\n`)
        status = 1
      }
      for (const { name, settings } of [...targets].reverse()) {
        const job = jobOf(name, settings, noteRemoval)
        if (!isReady(job, false)) status = 1
        else if (job.jail !== undefined) yield* stopJail(job)
        else if (!isWild(operand)) {
          if (common.verbosity >= 0) screen.err(`jail: "${name}" not found\n`)
          status = 1
        }
        if (job.failed) status = 1
      }
    }
    return status
  }
})

function load(machine: Machine, screen: Screen, file: string, stdin: Buffer): Configured[] {
  const text = file === '-' ? stdin.toString() : machine.tree.read(file)
  try {
    if (text !== undefined) return readJails(text, file === '-' ? 'STDIN' : file)
    screen.err(`jail: ${file}: No such file or directory\n`)
  } catch (problem) {
    if (!(problem instanceof BadConf)) throw problem
    screen.err(`jail: ${problem.message}\n`)
  }
  throw new Exit(1)
}

function fromWords(words: readonly string[]): Settings {
  const settings = new Settings()
  for (const [at, word] of words.entries()) {
    const [name = '', value] = word.split(/=(.*)/s)
    if (name === 'command') {
      settings.add(name, [...(value === undefined ? [] : [value]), ...words.slice(at + 1)], false)
      break
    }
    const list = name === 'ip4.addr' || name === 'ip6.addr' ? (value ?? '').split(',') : [value ?? '']
    settings.add(name, value === undefined ? [] : list, true)
  }
  return settings
}

function choose(configured: readonly Configured[], name: string | undefined): readonly Configured[] | undefined {
  if (name === undefined || isWild(name)) return configured.filter(each => matches(each.name, name ?? '*'))
  const found = configured.find(each => each.name === name)
  return found === undefined ? undefined : [found]
}

/** Those that others depend on first (dep_setup, dep_check). */
function inOrder(chosen: readonly Configured[], all: readonly Configured[]): Configured[] {
  const order: Configured[] = []
  const visit = (one: Configured, path: readonly Configured[]) => {
    if (order.includes(one) || path.includes(one)) return
    for (const name of one.settings.values('depend')) {
      const other = all.find(each => each.name === name)
      if (other !== undefined) visit(other, [...path, one])
    }
    order.push(one)
  }
  for (const one of chosen) visit(one, [])
  return order
}

/** facts.md, live-6. */
const problemsOf = (one: Configured, all: readonly Configured[]): string[] => [
  ...one.problems,
  ...one.settings
    .values('depend')
    .filter(name => !all.some(each => each.name === name))
    .map(name => `depends on undefined jail "${name}"`),
]

/** `-e`: 03-jails.jsonl. */
const show = (settings: Settings, separator: string) =>
  settings.all
    .map(({ name, values }) => (values.length === 0 ? name : `${name}=${values.map(quoted).join(',')}`))
    .join(separator)

function usage(screen: Screen): number {
  screen.err('usage: jail [-dhilqv] [-J jid_file] [-u username] [-U username]\n')
  return 1
}
