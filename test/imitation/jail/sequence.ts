/** What is done in which order to start, stop and change a jail (usr.sbin/jail/jail.c, next_command of command.c). */
import { kernelOf } from '../kernel.ts'
import type { Steps } from '../starting.ts'
import { type Entry, perform } from './commands.ts'
import { importParameters, unknownParameters, wrongSettings } from './import.ts'
import { type Job, note, warn } from './job.ts'
import { jailNamed, removeEmptyJails } from './kernel.ts'
import { parameterNamed } from './parameters.ts'

/** `startcommands` and `stopcommands`; exec.prepare, exec.created and exec.release as jail.8 of 14.0 has them. */
const START = `exec.prepare ip4.addr ip6.addr mount mount.fstab mount.devfs mount.fdescfs mount.procfs exec.prestart op
  exec.created vnet.interface exec.start command exec.poststart`.split(/\s+/)
const STOP = `exec.prestop exec.stop stop.timeout op exec.poststop mount.procfs mount.fdescfs mount.devfs mount.fstab
  mount ip6.addr ip4.addr exec.release`.split(/\s+/)

/** PF_REV: undone last to first. */
const REVERSED = ['mount', 'mount.fstab', 'ip4.addr', 'ip6.addr']
const SWITCHES = ['mount.devfs', 'mount.fdescfs', 'mount.procfs']
/** There is nothing to undo of these when a start fails (facts.md, jail-6). */
const NOT_UNDONE = ['exec.prepare', 'exec.prestart', 'exec.created', 'exec.start', 'command', 'exec.poststart']

/** Looks at the settings before anything is done. False when they are wrong, which it has said. */
export function isReady(job: Job, creates: boolean): boolean {
  const { machine, settings } = job
  const problems = wrongSettings(settings)
  for (const file of settings.values('mount.fstab')) {
    if (file !== '' && machine.tree.read(file) === undefined)
      problems.push(`mount.fstab: ${file}: No such file or directory`)
  }
  if (creates && problems.length === 0)
    problems.push(...unknownParameters(settings).map(name => `unknown parameter: ${name}`))
  for (const problem of problems) warn(job, problem)
  return problems.length === 0
}

function entriesOf({ machine, settings }: Job, of: string): Entry[] {
  if (of === 'op' || of === 'stop.timeout') return [{ of, text: '' }]
  if (SWITCHES.includes(of)) return settings.isTrue(of) ? [{ of, text: '' }] : []
  if (of === 'mount.fstab') {
    const lines = settings.values(of).flatMap(file => (machine.tree.read(file) ?? '').split('\n'))
    return lines.map(line => ({ of, text: line.replace(/#.*/, '') })).filter(({ text }) => text.trim() !== '')
  }
  if (of === 'ip4.addr' || of === 'ip6.addr') {
    const addresses = settings.values(of).flatMap(value => value.split(','))
    return addresses.filter(text => text.includes('|') || settings.text('interface')).map(text => ({ of, text }))
  }
  // Of the command line, its words are one command.
  if (of === 'command') return settings.find(of) === undefined ? [] : [{ of, text: settings.text(of) ?? '' }]
  return settings.values(of).flatMap(text => (text === '' ? [] : [{ of, text }]))
}

export function* startJail(job: Job): Steps<void> {
  const entries = START.flatMap(of => entriesOf(job, of))
  let at = 0
  while (at < entries.length && !job.failed) {
    if (yield* perform(job, entries[at] as Entry, false)) at += 1
    else job.failed = true
  }
  if (job.failed) {
    // What failed itself is not undone, only what came before it.
    for (const entry of entries.slice(0, at).reverse())
      if (!NOT_UNDONE.includes(entry.of)) yield* perform({ ...undoing(job) }, entry, true)
    return
  }
  if (!job.persistsForNow || job.jail === undefined) return
  job.jail.parameters.persist = 'false'
  job.machine.changed()
  if (job.verbosity > 0) note(job, `jail_set(JAIL_UPDATE) jid=${job.jail.jid} nopersist`)
  yield* removeEmptyJails(job.machine)
}

/** A failed start says what it removes whatever `-r` would say. */
const undoing = (job: Job): Job => ({ ...job, noteRemoval: job.name !== undefined })

export function* stopJail(job: Job): Steps<void> {
  const entries = STOP.flatMap(of => {
    const found = entriesOf(job, of)
    return REVERSED.includes(of) ? found.reverse() : found
  })
  for (const entry of entries) {
    if (yield* perform(job, entry, true)) continue
    job.failed = true
    // exec.prestop and exec.stop can keep it alive (facts.md, live-2); afterwards the rest is done in spite of failures.
    if (job.jail !== undefined) return
  }
}

/** `-m`: what cannot change while it runs must be as it is. */
export function* updateJail(job: Job): Steps<void> {
  const { machine, jail } = job
  if (jail === undefined) return
  const given = importParameters(job.settings)
  for (const [name, value] of Object.entries(given)) {
    const fixed = parameterNamed(name)?.parameter.fixed
    if (fixed === undefined || name === 'jid' || jail.parameters[name] === value) continue
    if (name === 'path' && machine.tree.realpath(value) === jail.path) continue
    warn(job, `${name} cannot be changed after creation`)
    job.failed = true
    return
  }
  if (given.name !== undefined && given.name !== jail.name && jailNamed(machine, given.name) !== undefined) {
    warn(job, `jail "${given.name}" already exists`)
    job.failed = true
    return
  }
  for (const [name, value] of Object.entries(given)) {
    if (name !== 'jid' && name !== 'path') jail.parameters[name] = value
    if (name === 'name') replaceName(job, value)
  }
  machine.changed()
  if (job.verbosity >= 0 && job.name !== undefined) note(job, 'updated')
  yield* removeEmptyJails(machine)
}

function replaceName({ machine, jail }: Job, name: string): void {
  const { jails } = kernelOf(machine)
  const at = jails.findIndex(each => each.jid === jail?.jid)
  const found = jails[at]
  if (found !== undefined) jails[at] = { ...found, name }
}
