/** The single commands of a start or a stop, and how each is run (run_command of usr.sbin/jail/command.c). */
import { kernelOf } from '../kernel.ts'
import { readRcConf } from '../rc-conf.ts'
import { type Steps, wait } from '../starting.ts'
import { importParameters } from './import.ts'
import { type Job, note, warn } from './job.ts'
import { createJail, removeEmptyJails, removeJail } from './kernel.ts'
import { wrongWithPath } from './paths.ts'
import { quoted } from './quoting.ts'

/** One command: of which parameter, and its text. Marks without a text are done by jail(8) itself. */
export interface Entry {
  readonly of: string
  readonly text: string
}

/** stop.timeout, where nothing else is said. */
const USUAL_STOP_SECONDS = 10

const INSIDE = ['exec.start', 'command', 'exec.stop']

/** Does one command, or `down` undoes it. False when it failed, which it has said. */
export function* perform(job: Job, entry: Entry, down: boolean): Steps<boolean> {
  if (entry.of === 'op') return down ? yield* remove(job) : yield* create(job)
  if (entry.of === 'stop.timeout') {
    const seconds = job.settings.number('stop.timeout') ?? USUAL_STOP_SECONDS
    if (job.jail !== undefined && seconds > 0)
      yield* wait(job.machine.processes.terminate(job.machine, job.jail, seconds))
    return true
  }
  const argv = commandLine(job, entry, down)
  return argv === undefined ? false : argv.length === 0 || (yield* run(job, entry.of, argv))
}

function* create(job: Job): Steps<boolean> {
  const { machine, settings } = job
  const path = settings.text('path')
  if (path !== undefined) {
    const real = machine.tree.realpath(path)
    const refuse = (why: string) => {
      warn(job, `path ${path}: ${why}`)
      return false
    }
    if (job.name !== undefined && !path.startsWith('/')) return refuse('not an absolute pathname')
    if (real === undefined) return refuse('No such file or directory')
    if (machine.tree.lstat(real)?.type !== 'directory') return refuse('Not a directory')
  }
  const given = importParameters(settings)
  const hasCommands = ['exec.start', 'command', 'exec.poststart'].some(name => settings.find(name) !== undefined)
  job.persistsForNow = !settings.isTrue('persist') && hasCommands
  if (job.persistsForNow) given.persist = 'true'
  if (path !== undefined) given.path = machine.tree.realpath(path) ?? path
  const made = given.persist === 'true' ? yield* createJail(machine, given) : 'new jail must persist or attach'
  if (typeof made === 'string') {
    warn(job, made)
    return false
  }
  job.jail = made
  if (job.verbosity > 0) note(job, `jail_set(JAIL_CREATE)${spell(given)}`)
  if (job.printsJid) job.screen.out(`${made.jid}\n`)
  if (job.verbosity >= 0 && (job.name !== undefined || job.verbosity > 0)) note(job, 'created')
  return true
}

const spell = (given: Readonly<Record<string, string>>) =>
  Object.entries(given)
    .map(([name, value]) => (value === 'true' ? ` ${name}` : ` ${name}=${quoted(value)}`))
    .join('')

function* remove(job: Job): Steps<boolean> {
  if (job.jail !== undefined) yield* removeJail(job.machine, job.jail)
  if (job.verbosity > 0 || (job.verbosity === 0 && job.noteRemoval)) note(job, 'removed')
  job.jail = undefined
  return true
}

/** Its argument vector; empty for nothing to do; undefined when it cannot be run, which has been said. */
function commandLine(job: Job, { of, text }: Entry, down: boolean): readonly string[] | undefined {
  const { machine, settings } = job
  const path = settings.text('path') ?? ''
  const pseudo = (fstype: string, place: string, ...options: string[]) => {
    const node = `${path}/${place}`
    if (isWrong(`mount.${fstype}`, node, fstype)) return undefined
    return down ? ['/sbin/umount', node] : ['/sbin/mount', '-t', fstype, ...options, '.', node]
  }
  const isWrong = (parameter: string, node: string, fstype: string) => {
    const wrong = wrongWithPath(machine, path, node, down ? { mounted: fstype } : {})
    if (wrong !== undefined) warn(job, `${parameter}: ${wrong}`)
    return wrong !== undefined
  }
  switch (of) {
    case 'mount.devfs':
      return pseudo('devfs', 'dev', `-oruleset=${settings.text('devfs_ruleset') ?? '4'}`)
    case 'mount.fdescfs':
      return pseudo('fdescfs', 'dev/fd')
    case 'mount.procfs':
      return pseudo('procfs', 'proc')
    case 'mount':
    case 'mount.fstab': {
      const words = text.split(/[ \t\f\v\r\n]+/).filter(word => word !== '')
      const [special, node, fstype, options] = words.map(unvis)
      if (special === undefined) return []
      if (node === undefined || fstype === undefined) {
        warn(job, `${of}: ${text}: missing information`)
        return undefined
      }
      if (isWrong(of, node, fstype)) return undefined
      if (down) return ['/sbin/umount', '-t', fstype, node]
      return ['/sbin/mount', '-t', fstype, ...(options === undefined ? [] : ['-o', options]), special, node]
    }
    case 'vnet.interface':
      return ['/sbin/ifconfig', text, down ? '-vnet' : 'vnet', settings.text('jid') ?? settings.text('name') ?? '']
    case 'ip4.addr':
    case 'ip6.addr':
      return addressCommand(settings.text('interface') ?? '', of === 'ip4.addr' ? 'inet' : 'inet6', text, down)
    case 'command':
      if (job.name === undefined) return settings.values('command')
  }
  if (/[!"$&'()*;<>?[\\\]`{|}~]/.test(text.replace(/&$/, ''))) return ['/bin/sh', '-c', text]
  return text.split(/[ \t\f\v\r\n]+/).filter(word => word !== '')
}

/** strunvis(3) of fstab's escapes. */
const unvis = (word: string) =>
  word.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))

function addressCommand(usual: string, family: 'inet' | 'inet6', text: string, down: boolean): string[] {
  const [whole = '', ...extra] = text.split(' ').filter(word => word !== '')
  const [device, address] = whole.includes('|')
    ? [whole.split('|')[0] ?? '', whole.split('|')[1] ?? '']
    : [usual, whole]
  const single = family === 'inet' ? ['netmask', '255.255.255.255'] : ['prefixlen', '128']
  const length = address.includes('/') ? [] : single
  return ['/sbin/ifconfig', device, family, address, ...length, ...(down ? [] : extra), down ? '-alias' : 'alias']
}

function* run(job: Job, of: string, given: readonly string[]): Steps<boolean> {
  const { machine, screen, settings } = job
  const inBackground =
    given.at(-1) === '&' || (given.length > 0 && given[0] !== '/bin/sh' && given.at(-1)?.endsWith('&'))
  const argv = inBackground ? ['/bin/sh', '-c', given.join(' ')] : given
  const isInside = INSIDE.includes(of)
  const log = isInside ? settings.text('exec.consolelog') : undefined
  const line = given.join(' ')
  if (log !== undefined) {
    const wrong = wrongWithPath(machine, settings.text('path') ?? '', log, { mayBeMissing: true })
    const parent = log.slice(0, log.lastIndexOf('/')) || '/'
    if (wrong !== undefined) warn(job, `exec.consolelog: ${wrong}`)
    else if (machine.tree.realpath(parent) === undefined) warn(job, `open ${log}: No such file or directory`)
    if (wrong !== undefined || machine.tree.realpath(parent) === undefined) return false
  }
  if (job.verbosity > 0) note(job, `run command${isInside ? ' in jail' : ''}: ${line}`)
  const seconds = settings.number('exec.timeout') ?? 0
  const jail = isInside ? job.jail : undefined
  const end = yield* wait(
    machine.processes.start(machine, {
      argv,
      ...(jail === undefined ? {} : { jail }),
      ...(seconds > 0 ? { timeoutSeconds: seconds } : {}),
    }),
  )
  if (log === undefined) {
    screen.out(end.stdout)
    screen.err(end.stderr)
  } else append(job, log, end.stdout + end.stderr)
  if (jail !== undefined) {
    nameAfterStart(job, argv)
    yield* removeEmptyJails(machine)
    if (!kernelOf(machine).jails.includes(jail)) job.jail = undefined
  }
  if (end.missing) warn(job, `exec ${argv[0]}: No such file or directory`)
  if (end.timedOut) warn(job, `${line}: timed out`)
  else if (end.signal !== undefined) warn(job, `${line}: exited on signal ${end.signal}`)
  else if (end.exit !== 0) warn(job, `${line}: failed`)
  return !end.timedOut && end.signal === undefined && end.exit === 0
}

function append({ machine }: Job, path: string, text: string): void {
  const { files } = machine.tree
  files.write(path, Buffer.concat([files.bytes(path) ?? Buffer.alloc(0), Buffer.from(text)]), 0o644)
}

/** rc.d/hostname in the jail: its own rc.conf has the last word (facts.md, jail-9). */
function nameAfterStart({ machine, jail }: Job, argv: readonly string[]): void {
  if (jail === undefined || argv[1] !== '/etc/rc') return
  const { hostname } = readRcConf(machine, jail.path)
  // Null is left as it is: "common for jails".
  if (!hostname) return
  jail.parameters['host.hostname'] = hostname
  machine.changed()
}
