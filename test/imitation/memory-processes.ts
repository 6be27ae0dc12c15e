/** Processes as the in-memory machine plays them: each ends at once, except those that a test lets hang. */
import { Hang, Killed, Missing } from './faults.ts'
import { imitations } from './index.ts'
import type { Jail } from './kernel.ts'
import type { Machine } from './machine.ts'
import { parseShell } from './memory-shell.ts'
import type { End, Processes, Start } from './processes.ts'
import { readRcConf } from './rc-conf.ts'
import { rooted } from './rooted.ts'
import { faultOf, runUncounted } from './run.ts'
import { Unknown } from './screen.ts'

const ended = (exit: number, stdout = '', stderr = ''): End => ({ exit, stdout, stderr })
const nameOf = (program: string) => program.slice(program.lastIndexOf('/') + 1)

/** Programs that act on the network stack they run in. */
const OF_THE_STACK = ['ifconfig', 'route']
/** Longer than anybody waits for. */
const A_DAY_IN_SECONDS = 86_400
const SIGKILL = 9

export const memoryProcesses: Processes = {
  start(machine, start) {
    try {
      return play(machine, start)
    } catch (problem) {
      if (problem instanceof Hang && start.timeoutSeconds !== undefined) return { ...ended(1), timedOut: true }
      if (problem instanceof Killed) return { ...ended(1), signal: SIGKILL }
      if (problem instanceof Missing) return { ...ended(1), missing: true }
      throw problem
    }
  },
  list: (_machine, jail) => jail.processes.map((command, index) => ({ pid: jail.jid * 1000 + index, command })),
  terminate(_machine, jail) {
    jail.processes = []
  },
  open() {},
  close(_machine, jail) {
    jail.processes = []
  },
}

function play(machine: Machine, start: Start): End {
  const { argv, jail, stdin = Buffer.alloc(0) } = start
  const [path = '', ...args] = argv
  const program = nameOf(path)
  if (jail !== undefined && OF_FILES.includes(program)) {
    const outcome = runUncounted(rooted(machine, jail.path), program, { args, stdin, cwd: '/', uid: 0 })
    if (outcome instanceof Promise) throw new Error(`${program} is imitated asynchronously`)
    return outcome
  }
  // What may hang here is played here.
  if (program in imitations && !(program in OWN)) {
    const own = jail !== undefined && OF_THE_STACK.includes(program) ? ['-j', String(jail.jid), ...args] : args
    if (jail !== undefined && own === args && !INSIDE.includes(program))
      throw new Unknown(`program in a jail: ${program}`)
    const outcome = runUncounted(machine, program, { args: own, stdin, cwd: '/', uid: 0 })
    if (outcome instanceof Promise) throw new Error(`${program} is imitated asynchronously`)
    return outcome
  }
  const fault = faultOf(machine, program, args)
  if (fault !== undefined) return fault
  const own = OWN[program]
  if (own === undefined) throw new Missing(program)
  return own(machine, start, args)
}

/** Programs that see the files of the jail, and need nothing else. */
const OF_FILES = ['mkdir', 'mv', 'rmdir']

/** Imitations that say in a jail what they say on the host. */
const INSIDE = ['sysctl', 'uname', 'freebsd-version', 'logger']

const OWN: Readonly<Record<string, (machine: Machine, start: Start, args: readonly string[]) => End>> = {
  ':': () => ended(0),
  true: () => ended(0),
  false: () => ended(1),
  echo: (_machine, _start, args) => ended(0, `${args.join(' ')}\n`),
  exit: (_machine, _start, [status = '0']) => ended(Number(status)),
  sleep(_machine, { timeoutSeconds = A_DAY_IN_SECONDS }, [seconds = '0']) {
    if (Number(seconds) >= timeoutSeconds) throw new Hang('sleep')
    return ended(0)
  },
  hostname: (machine, { jail }) =>
    ended(0, `${jail?.parameters['host.hostname'] ?? machine.state.sysctls['kern.hostname'] ?? ''}\n`),
  ps: (_machine, { jail }) => ended(0, (jail?.processes ?? []).map(command => `${command}\n`).join('')),
  cat(machine, { jail }, paths) {
    const texts = paths.map(path => machine.tree.read(`${jail?.path ?? ''}${path}`))
    const absent = paths.filter((_, index) => texts[index] === undefined)
    return ended(
      absent.length,
      texts.join(''),
      absent.map(path => `cat: ${path}: No such file or directory\n`).join(''),
    )
  },
  /** `kill -9 -1`: every process of the jail that the caller may signal (facts.md, live-1). */
  kill(_machine, { jail }, args) {
    if (args.at(-1) !== '-1' || jail === undefined) throw new Unknown(`kill ${args.join(' ')}`)
    jail.processes = []
    return ended(0)
  },
  /** A jail's own: by what runs in it. */
  service(_machine, { jail }, [name = '', verb = '']) {
    if (jail === undefined) throw new Missing('service')
    const runs = jail.processes.includes(name)
    const stop = () => {
      jail.processes = jail.processes.filter(process => process !== name)
    }
    switch (verb.replace(/^(one|force|quiet)/, '')) {
      case 'status':
        return runs
          ? ended(0, `${name} is running as pid ${jail.jid * 1000}.\n`)
          : ended(1, `${name} is not running.\n`)
      case 'start':
        if (!runs) jail.processes.push(name)
        return ended(0, runs ? '' : `Starting ${name}.\n`)
      case 'stop':
        stop()
        return ended(0, runs ? `Stopping ${name}.\n` : `${name} not running?\n`)
      case 'restart':
        stop()
        jail.processes.push(name)
        return ended(0, `Stopping ${name}.\nStarting ${name}.\n`)
      default:
        throw new Unknown(`verb of service in a jail: ${verb}`)
    }
  },
  sh(machine, start, args) {
    if (args[0] === '-c') return runShell(machine, start, args[1] ?? '')
    const script = args[0] ?? ''
    const text = machine.tree.read(`${start.jail?.path ?? ''}${script}`)
    if (text === undefined) return ended(2, '', `sh: cannot open ${script}: No such file or directory\n`)
    try {
      return runShell(machine, start, text)
    } catch (problem) {
      const played = PLAYED[script]
      if (!(problem instanceof Unknown) || played === undefined || start.jail === undefined) throw problem
      return played(machine, start.jail)
    }
  },
}

function runShell(machine: Machine, start: Start, text: string): End {
  let status = 0
  let [stdout, stderr] = ['', '']
  for (const command of parseShell(text)) {
    if ((command.after === '&&' && status !== 0) || (command.after === '||' && status === 0)) continue
    if (command.inBackground) {
      start.jail?.processes.push(command.words.join(' '))
      continue
    }
    const { argv: _, ...rest } = start
    let end: End
    try {
      end = play(machine, { ...rest, argv: command.words })
    } catch (problem) {
      if (!(problem instanceof Missing)) throw problem
      end = ended(127, '', `${command.words[0]}: not found\n`)
    }
    status = end.exit
    if (!command.quietOut) stdout += end.stdout
    if (!command.quietErr) stderr += end.stderr
    if (command.words[0] === 'exit') break
  }
  return ended(status, stdout, stderr)
}

/** FreeBSD's own rc scripts are too much for this shell; what they come to is this (03-jails.jsonl, web1.log). */
const PLAYED: Readonly<Record<string, (machine: Machine, jail: Jail) => End>> = {
  '/etc/rc'(machine, jail) {
    const settings = readRcConf(machine, jail.path)
    const enabled = Object.entries(settings).filter(([name, value]) => name.endsWith('_enable') && /^yes$/i.test(value))
    const services = new Set(['syslogd', 'cron', ...enabled.map(([name]) => name.slice(0, -'_enable'.length))])
    jail.processes = [...jail.processes, ...services]
    return ended(0, [...services].map(service => `Starting ${service}.\n`).join(''))
  },
  '/etc/rc.shutdown'(_machine, jail) {
    const text = jail.processes.map(service => `Stopping ${service}.\n`).join('')
    jail.processes = []
    return ended(0, text)
  },
}
