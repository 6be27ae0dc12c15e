/** sysrc(8), by usr.sbin/bsdconfig/sysrc/sysrc and sysrc.subr; 07-sysrc.jsonl. It is a shell script, and behaves as one. */
import { posix } from 'node:path'
import { Disk } from '../disk.ts'
import { strerror } from '../errno.ts'
import type { Call, Machine } from '../machine.ts'
import { Exit, type Flags, getopt, imitation, type Screen, Unknown } from '../screen.ts'
import { isAssigned, without, withValue } from './edit.ts'
import { evaluate, SyntaxFault } from './evaluate.ts'

const DEFAULTS = '/etc/defaults/rc.conf'

class Sysrc {
  readonly #disk: Disk
  readonly #flags: Flags
  readonly #screen: Screen
  /** With -R the script runs again by sh in a chroot, and is called so. */
  readonly #name: string
  readonly #root: string

  constructor(machine: Machine, call: Call, screen: Screen, flags: Flags) {
    this.#disk = new Disk(machine, call)
    this.#flags = flags
    this.#screen = screen
    this.#root = flags.values.get('R')?.at(-1) ?? '/'
    this.#name = this.#root === '/' ? 'sysrc' : 'sh'
  }

  run(): number {
    const { set, operands } = this.#flags
    const strange = operands.map(nameOf).find(name => /[^0-9A-Za-z_]/.test(name))
    if (strange !== undefined) this.#fail(`${strange}: name contains characters not allowed in shell`)
    // sysrc.subr of what is in the chroot writes to /dev/null twice (07-sysrc.jsonl, line 10).
    if (
      this.#root !== '/' &&
      this.#disk.stat(`${this.#root}/dev/null`) === undefined &&
      this.#disk.isReadOnly(this.#root)
    )
      this.#screen.err('/bin/sh: cannot create /dev/null: Read-only file system\n'.repeat(2))
    if (set.has('a') || set.has('A')) return this.#showAll(set.has('A'))
    if (operands.length === 0) {
      this.#screen.err('Usage: sysrc [OPTIONS] {name[[+|-]=value] ... | -a | -A | -l | -L [name ...]}\n')
      this.#screen.err("Try `sysrc --help' for more information.\n")
      return 1
    }
    return operands.reduce((status, operand) => (this.#each(operand) ? status : 1), 0)
  }

  #each(operand: string): boolean {
    const { set } = this.#flags
    const name = nameOf(operand)
    const assigns = operand.includes('=')
    const known = this.#known().get(name)
    if (set.has('x') || set.has('X')) {
      if (known === undefined && !assigns) return this.#unknown(name)
      return this.#delete(name)
    }
    if (!assigns) {
      if (known === undefined) return this.#unknown(name)
      if (!set.has('c')) this.#show(name, known)
      return true
    }
    const before = known ?? ''
    const after = wanted(operand, before)
    if (set.has('c')) return known !== undefined && before === after
    if (!this.#assign(name, after)) return false
    const now = this.#known().get(name) ?? ''
    if (set.has('e')) this.#screen.out(`${name}="${before}" # -> "${now}"\n`)
    else this.#screen.out(`${set.has('n') ? '' : `${name}: `}${before} -> ${now}\n`)
    return true
  }

  #show(name: string, value: string): void {
    const { set } = this.#flags
    if (set.has('N')) this.#screen.out(`${name}\n`)
    else if (set.has('n')) this.#screen.out(`${value}\n`)
    else this.#screen.out(set.has('e') ? `${name}="${value}"\n` : `${name}: ${value}\n`)
  }

  #showAll(withDefaults: boolean): number {
    const defaults = this.#source([DEFAULTS], false)
    const own = this.#source(this.#files(), true, withDefaults ? defaults : new Map())
    for (const [name, value] of [...own].sort(([a], [b]) => (a < b ? -1 : 1))) this.#show(name, value)
    return 0
  }

  #unknown(name: string): false {
    const { set } = this.#flags
    if (!set.has('i') && !set.has('q')) this.#screen.err(`${this.#name}: unknown variable '${name}'\n`)
    return false
  }

  #assign(name: string, value: string): boolean {
    const file = this.#files()
      .reverse()
      .find(each => isAssigned(this.#text(each) ?? '', name))
    const target = file ?? this.#files()[0] ?? '/etc/rc.conf'
    const text = this.#text(target) ?? ''
    try {
      this.#disk.write(
        this.#at(target),
        file === undefined ? `${text}${name}="${value}"\n` : withValue(text, name, value),
      )
      return true
    } catch (error) {
      this.#screen.err(`/usr/sbin/sysrc: cannot create ${target}: ${strerror(error)}\n`)
      return false
    }
  }

  #delete(name: string): boolean {
    for (const file of this.#files()) {
      const left = without(this.#text(file) ?? '', name)
      if (left !== undefined) this.#disk.write(this.#at(file), left)
    }
    return true
  }

  /** Every variable as it is after the defaults and the files were sourced. */
  #known(): ReadonlyMap<string, string> {
    return this.#source([DEFAULTS, ...this.#files()], false)
  }

  #source(files: readonly string[], isSeen: boolean, given: ReadonlyMap<string, string> = new Map()) {
    let variables = new Map(given)
    for (const file of files) {
      const text = this.#text(file)
      if (text === undefined) continue
      try {
        const evaluated = evaluate(text, file, words => this.#command(words), variables)
        variables = new Map(evaluated.variables)
        if (isSeen) this.#screen.err(evaluated.stderr)
      } catch (error) {
        if (!(error instanceof SyntaxFault)) throw error
        this.#screen.err(`${file}: ${text.split('\n').length}: Syntax error: ${error.message}\n`)
        this.#fail('Exiting due to previous syntax errors')
      }
    }
    return variables
  }

  /** A command in what was sourced runs as root, on the host: of all there are, touch(1) is enough to see it. */
  #command([program = '', file = '']: readonly string[]): string {
    if (posix.basename(program) === 'touch') this.#disk.write(file, this.#disk.bytes(file) ?? '')
    return ''
  }

  /** -f gives one file or, in quotes, several. */
  #files(): string[] {
    const given = this.#flags.values.get('f')?.flatMap(each => each.split(' '))
    return given ?? ['/etc/rc.conf', '/etc/rc.conf.local']
  }

  #at = (file: string) => (this.#root === '/' ? file : posix.join(this.#root, file))
  #text = (file: string) => this.#disk.text(this.#at(file))

  #fail(message: string): never {
    this.#screen.err(`${this.#name}: ${message}\n`)
    throw new Exit(1)
  }
}

const nameOf = (operand: string) => operand.replace(/:[+=-].*$/s, '').replace(/[%#+=-].*$/s, '')

/** `name+=value` adds words that are not there, `name-=value` takes words away; another first character separates. */
function wanted(operand: string, before: string): string {
  const [, sign, value = ''] = /^[^=+-]*([+-]?)=(.*)$/s.exec(operand) ?? []
  if (sign === '') return value
  const first = value[0] ?? ''
  const separator = first === '' || /[\sA-Za-z0-9./]/.test(first) ? ' ' : first
  const words = (text: string) => text.split(separator === ' ' ? /\s+/ : separator).filter(Boolean)
  if (sign === '-')
    return words(before)
      .filter(word => !words(value).includes(word))
      .join(separator)
  return [...(before === '' ? [] : [before]), ...words(value).filter(word => !words(before).includes(word))].join(
    separator,
  )
}

export const sysrc = imitation('sysrc', (machine, call, screen) => {
  const flags = getopt(call.args, 'aAcdDeEf:Fhij:lLnNqR:s:vxX')
  for (const flag of 'dDEFhlLsv') if (flags.set.has(flag)) throw new Unknown(`way to use -${flag}`)
  if (flags.values.has('j') || flags.values.has('s')) throw new Unknown('way to use -j or -s')
  return new Sysrc(machine, call, screen, flags).run()
})
