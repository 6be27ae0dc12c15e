/**
 * rctl(8): the limits that the kernel keeps, and what is used. They belong to a jail's name and outlive the jail (fact
 * rctl-4). Sources: freebsd-14.2/04-symlink-rctl-net.jsonl, usr.bin/rctl/rctl.c, sys/kern/kern_rctl.c (14).
 */
import { CommandFailed, UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'
import { RESOURCES } from './rctl-resources.ts'

export interface Rule {
  readonly jail: string
  readonly resource: string
  readonly action: string
  readonly amount: bigint
  /** For whom it is counted: `jail` where a rule does not say. */
  readonly per: string
}

const RULE = /^j(?:ail)?:([^:]+):([a-z]+):([a-z0-9]+)=([^/]+)(?:\/([a-z]+))?$/i

/** A rule of a jail, in any spelling that rctl(8) reads, or undefined. */
export function parseRule(text: string): Rule | undefined {
  const [, jail = '', resource = '', action = '', words = '', per = 'jail'] = RULE.exec(text) ?? []
  const amount = parseAmount(words)
  if (jail === '' || amount === undefined) return undefined
  return { jail, resource: resource.toLowerCase(), action: action.toLowerCase(), amount, per: per.toLowerCase() }
}

/** expand_number(3): digits of any base of strtoumax(3), and a unit. */
function parseAmount(words: string): bigint | undefined {
  const [, digits, unit = 'b'] = /^(0x[0-9a-f]+|\d+)([bkmgtpe])?$/i.exec(words) ?? []
  if (digits === undefined || /^0\d*[89]/.test(digits)) return undefined
  const number = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits}` : digits)
  return number << BigInt(10 * UNITS.indexOf(unit.toUpperCase()))
}

const UNITS = 'BKMGTPE'

/** `memoryuse:deny=512M`, `maxproc:deny=50/user`: a rule without its jail, as short as it can be said exactly. */
export const describeRule = (rule: Rule) => `${limitOf(rule)}${rule.per === 'jail' ? '' : `/${rule.per}`}`

export const ruleOf = (rule: Rule) => `jail:${rule.jail}:${describeRule(rule)}`

const limitOf = ({ resource, action, amount }: Rule) => `${resource}:${action}=${describeAmount(resource, amount)}`

function describeAmount(resource: string, amount: bigint): string {
  if (RESOURCES[resource]?.kind !== 'bytes' || amount === 0n) return String(amount)
  const unit = [...UNITS].findLastIndex((_, power) => amount % (1n << BigInt(10 * power)) === 0n)
  return `${amount >> BigInt(10 * unit)}${unit === 0 ? '' : UNITS[unit]}`
}

/** What the kernel has, or why it keeps no limits: the tunable is 0, or it was built without RACCT and RCTL. */
export type Kernel = { readonly rules: readonly Rule[] } | { readonly without: 'tunable' | 'support' }

/** With a filter: without one, rctl exits with 0 whatever went wrong. */
const RCTL: Command = ['rctl', 'jail:']

export function parseRules(stdout: string): Rule[] {
  const lines = stdout.split('\n').filter(line => line !== '')
  return lines.map(line => {
    const rule = parseRule(line)
    if (rule === undefined) throw new UnexpectedOutput(RCTL, line)
    return rule
  })
}

/** The rules of all jails, in one process. */
export async function readRules(machine: Probe): Promise<Kernel> {
  const answer = await machine.query(RCTL, { exits: [0, 1] })
  if (answer.exit === 0) return { rules: parseRules(answer.stdout) }
  if (answer.stderr.includes('RACCT/RCTL present, but disabled')) return { without: 'tunable' }
  if (answer.stderr.includes('RACCT/RCTL support not present')) return { without: 'support' }
  throw CommandFailed.exited(RCTL, answer)
}

/** What each jail uses, by resource, in one process; zeros for a jail that does not run (fact rctl-4). */
export async function readUse(machine: Probe, jails: readonly string[]): Promise<Map<string, Map<string, number>>> {
  if (jails.length === 0) return new Map()
  const command: Command = ['rctl', '-u', ...jails.map(jail => `jail:${jail}`)]
  const { stdout } = await machine.query(command)
  const blocks = parseUse(stdout)
  if (blocks.length !== jails.length) throw new UnexpectedOutput(command, stdout)
  return new Map(jails.map((jail, index) => [jail, blocks[index] ?? new Map()]))
}

/** `cputime=0` and so on, jail after jail, with nothing between them: a name that comes again begins the next. */
export function parseUse(stdout: string): Map<string, number>[] {
  const blocks: Map<string, number>[] = []
  for (const line of stdout.split('\n').filter(each => each !== '')) {
    const [, resource, amount] = /^([a-z]+)=(\d+)$/.exec(line) ?? []
    if (resource === undefined) throw new UnexpectedOutput('rctl -u', line)
    const block = blocks.at(-1)
    if (block === undefined || block.has(resource)) blocks.push(new Map([[resource, Number(amount)]]))
    else block.set(resource, Number(amount))
  }
  return blocks
}

/** A `deny` rule takes the place of one that differs in its amount alone; others come beside it (fact rctl-2). */
export const addRules = (rules: readonly Rule[]): RunStep[] => inTurns('-a', rules.map(ruleOf))

/** With the `/jail` that rctl does not print: a filter without it means rules counted for users and processes too. */
export const removeRules = (rules: readonly Rule[]): RunStep[] =>
  inTurns(
    '-r',
    rules.map(rule => `jail:${rule.jail}:${limitOf(rule)}/${rule.per}`),
  )

/** Argument lists are limited (fact net-5), and a name has up to 255 characters. */
const AT_ONCE = 1000

function inTurns(flag: string, rules: readonly string[]): RunStep[] {
  const turns = Array.from({ length: Math.ceil(rules.length / AT_ONCE) }, (_, turn) => turn * AT_ONCE)
  return turns.map(from => run('rctl', flag, ...rules.slice(from, from + AT_ONCE)))
}
