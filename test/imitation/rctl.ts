/** rctl(8) and the rules the kernel keeps (04-symlink-rctl-net.jsonl; usr.bin/rctl/rctl.c, sys/kern/kern_rctl.c). */
import { jailNamed } from './jail/kernel.ts'
import { kernelOf } from './kernel.ts'
import type { Machine } from './machine.ts'
import { Exit, getopt, imitation, type Screen, Unknown } from './screen.ts'

const RESOURCES = `cputime datasize stacksize coredumpsize memoryuse memorylocked maxproc openfiles vmemoryuse
  pseudoterminals swapuse nthr msgqqueued msgqsize nmsgq nsem nsemop nshm shmsize wallclock pcpu readbps writebps readiops
  writeiops`.split(/\s+/)
/** RACCT_DECAYING: what can be slowed down (sys/kern/kern_racct.c). */
const THROTTLED = ['readbps', 'writebps', 'readiops', 'writeiops']
/** Neither can be denied, nor is it enforced otherwise. */
const UNDENIABLE = [...THROTTLED, 'cputime', 'wallclock']
const ACTION =
  /^(deny|log|devctl|throttle|sig(hup|int|quit|ill|trap|abrt|bus|fpe|kill|segv|term|usr1|usr2|xcpu|xfsz|info))$/
const SUBJECTS = ['process', 'user', 'loginclass', 'jail']
const SHORT: Readonly<Record<string, string>> = {
  c: 'loginclass',
  class: 'loginclass',
  g: 'group',
  j: 'jail',
  l: 'loginclass',
  p: 'process',
  u: 'user',
}

interface Rule {
  readonly subject: string
  readonly id: string
  readonly resource: string
  readonly action: string
  /** In plain units; empty in a filter that does not say. */
  readonly amount: string
  readonly per: string
}

export const rctl = imitation('rctl', (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'ahlnru')
  if (machine.state.sysctls['kern.racct.enable'] === '0') {
    screen.err('rctl: RACCT/RCTL present, but disabled; enable using kern.racct.enable=1 tunable\n')
    throw new Exit(1)
  }
  if (set.has('l')) throw new Unknown('flag -l')
  const isHuman = set.has('h')
  if (operands.length === 0) {
    print(machine, screen, parse(':::'), isHuman)
    return 0
  }
  return operands.reduce((failures, given) => failures + (one(given) ? 0 : 1), 0)

  function one(given: string): boolean {
    const rule = read(screen, given)
    if (rule === undefined) return false
    const doing = set.has('a') ? 'add rule' : set.has('r') ? 'remove rule' : set.has('u') ? 'show' : 'show rules for'
    const refuse = (why: string) => {
      const what = doing === 'show' ? `show resource consumption for '${given}'` : `${doing} '${given}'`
      screen.err(`rctl: failed to ${what}: ${why}\n`)
      return false
    }
    const wrong = wrongWith(rule)
    if (wrong !== undefined) return refuse(wrong)
    if (set.has('a')) {
      const problem = add(machine, rule)
      return problem === undefined || refuse(problem)
    }
    if (set.has('r')) return remove(machine, rule) || refuse('No such process')
    if (set.has('u')) screen.out(usage(machine, rule.id, isHuman))
    else print(machine, screen, rule, isHuman)
    return true
  }
})

function parse(text: string): Rule {
  const [, subject = '', id = '', resource = '', action = '', amount = '', per = ''] =
    /^([^:]*):?([^:]*):?([^:]*):?([^=/]*)=?([^/]*)\/?(.*)$/.exec(text) ?? []
  return { subject: SHORT[subject.toLowerCase()] ?? subject.toLowerCase(), id, resource, action, amount, per }
}

const spell = ({ subject, id, resource, action, amount, per }: Rule) =>
  `${subject}:${id}:${resource}:${action}=${amount}${per === subject ? '' : `/${per}`}`

/** expand_rule: `512M` becomes a number. */
function read(screen: Screen, given: string): Rule | undefined {
  const malformed = (why: string) => {
    screen.err(`rctl: malformed rule '${given}': ${why}\n`)
    return undefined
  }
  if (!given.includes(':')) return malformed('missing subject')
  const rule = parse(given)
  if (rule.amount === '') return rule
  const [, sign, digits, unit = ''] = /^(-?)(\d+)([bkmgtpe]?)$/i.exec(rule.amount) ?? []
  if (digits === undefined) return malformed(`invalid numeric value '${rule.amount}'`)
  const scale = unit === '' ? 0 : 'bkmgtpe'.indexOf(unit.toLowerCase())
  const number = BigInt(digits) << BigInt(10 * scale)
  // expand_number(3) takes a sign and wraps around.
  return { ...rule, amount: String(sign ? BigInt.asUintN(64, -number) : number) }
}

/** rctl_string_to_rule */
function wrongWith({ subject, resource, action, amount, per }: Rule): string | undefined {
  const isOneOf = (word: string, list: readonly string[]) => word === '' || list.includes(word)
  if (!isOneOf(subject, SUBJECTS) || !isOneOf(resource, RESOURCES) || !isOneOf(per, SUBJECTS)) return 'Invalid argument'
  if (action !== '' && !ACTION.test(action)) return 'Invalid argument'
  return amount !== '' && BigInt(amount) >= 1n << 63n ? 'Result too large' : undefined
}

/** rctl_rule_add: a `deny` rule takes the place of one that differs in its amount alone (facts.md, rctl-2). */
function add(machine: Machine, given: Rule): string | undefined {
  const { subject, id, resource, action, amount, per } = given
  if ([subject, id, resource, action, amount].includes('')) return 'Invalid argument'
  if (action === 'deny' && UNDENIABLE.includes(resource)) return 'Operation not supported'
  if (action === 'throttle' && !THROTTLED.includes(resource)) return 'Operation not supported'
  const rule = { ...given, per: per === '' ? subject : per }
  remove(machine, action === 'deny' ? { ...rule, amount: '' } : rule)
  kernelOf(machine).rules.unshift(spell(rule))
  machine.changed()
  return undefined
}

function remove(machine: Machine, filter: Rule): boolean {
  const kernel = kernelOf(machine)
  const rest = kernel.rules.filter(text => !matches(parse(text), filter))
  if (rest.length === kernel.rules.length) return false
  kernel.rules = rest
  machine.changed()
  return true
}

function matches(rule: Rule, filter: Rule): boolean {
  const whole = { ...rule, per: rule.per === '' ? rule.subject : rule.per }
  const keys = ['subject', 'id', 'resource', 'action', 'amount', 'per'] as const
  return keys.every(key => filter[key] === '' || filter[key] === whole[key])
}

function print(machine: Machine, screen: Screen, filter: Rule, isHuman: boolean): void {
  for (const text of kernelOf(machine).rules) {
    const rule = parse(text)
    if (!matches(rule, filter)) continue
    const shown = { ...rule, per: rule.per === '' ? rule.subject : rule.per }
    screen.out(`${spell(isHuman ? { ...shown, amount: humanize(rule.amount) } : shown)}\n`)
  }
}

/** What a jail uses of what is counted here: its processes. Zeros for a jail that does not exist (facts.md, rctl-4). */
function usage(machine: Machine, id: string, isHuman: boolean): string {
  const jail = jailNamed(machine, id)
  const processes = jail === undefined ? 0 : machine.processes.list(machine, jail).length
  const amount = (resource: string) => (resource === 'maxproc' || resource === 'nthr' ? processes : 0)
  const shown = (resource: string) => (isHuman ? humanize(String(amount(resource))) : amount(resource))
  return RESOURCES.map(resource => `${resource}=${shown(resource)}\n`).join('')
}

/** humanize_number(3) with five characters, HN_AUTOSCALE, HN_DECIMAL and HN_NOSPACE. */
function humanize(text: string): string {
  let whole = Number(text)
  let part = 0
  let unit = 0
  while (whole >= 10_000 && unit < 6) {
    part = whole % 1024
    whole = Math.floor(whole / 1024)
    unit += 1
  }
  const letter = ['', 'K', 'M', 'G', 'T', 'P', 'E'][unit]
  const tenth = Math.floor((part * 10 + 512) / 1024)
  return whole <= 9 && unit > 0 ? `${whole + (tenth > 9 ? 1 : 0)}.${tenth % 10}${letter}` : `${whole}${letter}`
}
