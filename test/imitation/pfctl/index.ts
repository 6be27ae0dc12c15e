/** pfctl(8): rules by anchor, whether they are in force, and counters at zero (sbin/pfctl/pfctl.c). */
import { type Interface, kernelOf, type Ruleset } from '../kernel.ts'
import type { Machine } from '../machine.ts'
import { toDotted, toNumber } from '../network.ts'
import { Exit, getopt, imitation, type Screen, Unknown } from '../screen.ts'
import { parseRules } from './grammar.ts'
import { shownWithin } from './recursive.ts'

const COUNTERS =
  `bad-offset fragment short normalize memory bad-timestamp congestion ip-option proto-cksum state-mismatch
  state-insert state-limit src-limit synproxy map-failed`.split(/\s+/)

export const pfctl = imitation('pfctl', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'a:deF:f:nqs:v')
  if (operands.length > 0) throw new Unknown(`operand ${operands[0]}`)
  const [given = '', file, flush, show] = ['a', 'f', 'F', 's'].map(flag => values.get(flag)?.at(-1))
  const anchor = given.replace(/\/?\*$/, '')
  const { modules, pf } = kernelOf(machine)
  const say = (text: string) => {
    if (!set.has('q')) screen.err(`${text}\n`)
  }
  if (!modules.includes('pf') && !set.has('n')) {
    screen.err('pfctl: /dev/pf: No such file or directory\n')
    return 1
  }
  if (/(^|\/)_/.test(anchor) && (flush ?? file) !== undefined)
    refuse("anchor names beginning with '_' cannot be modified from the command line")
  if (set.has('d')) disable()
  if (flush !== undefined) for (const line of clear(machine, anchor, flush)) say(line)
  if (file !== undefined)
    load(machine, screen, { anchor, file, stdin: call.stdin, isTrial: set.has('n'), shows: set.has('v') })
  if (show !== undefined) screen.out(describe(machine, anchor, show, given.endsWith('*')))
  if (set.has('e')) enable()
  return 0

  function enable(): void {
    if (pf.isEnabled) refuse('pf already enabled')
    Object.assign(pf, { isEnabled: true, since: machine.seconds })
    machine.changed()
    say('pf enabled')
  }

  function disable(): void {
    if (!pf.isEnabled) refuse('pf not enabled')
    Object.assign(pf, { isEnabled: false, since: machine.seconds })
    machine.changed()
    say('pf disabled')
  }

  function refuse(why: string): never {
    screen.err(`pfctl: ${why}\n`)
    throw new Exit(1)
  }
})

interface Loading {
  readonly anchor: string
  readonly file: string
  readonly stdin: Buffer
  readonly isTrial: boolean
  /** -v: rules are shown as they are loaded, in the form of -s (pfctl_load_ruleset). */
  readonly shows: boolean
}

function load(machine: Machine, screen: Screen, { anchor, file, stdin, isTrial, shows }: Loading): void {
  const text = file === '-' ? stdin.toString() : machine.tree.read(file)
  const fail: (why: string) => never = why => {
    screen.err(why)
    throw new Exit(1)
  }
  if (text === undefined) {
    const missing = 'No such file or directory\n'
    fail(`pfctl: ${file}: ${missing}pfctl: cannot open the main config file!: ${missing}`)
  }
  const { rules, loads, wrong } = parseRules(text, (name, isNetwork) => addressesOf(machine, name, isNetwork))
  if (wrong.length > 0) {
    for (const { line, why } of wrong) screen.err(`${file === '-' ? 'stdin' : file}:${line}: ${why}\n`)
    fail('pfctl: Syntax error in config file: pf rules not loaded\n')
  }
  if (shows) screen.out(rules.map(rule => `${rule.text}\n`).join(''))
  // pfctl_load_anchors: main rules only, and all of them in one transaction with these.
  const files = anchor === '' ? loads : []
  const missing = files.find(one => machine.tree.read(one.file) === undefined)
  if (missing !== undefined) fail(`pfctl: ${missing.file}: No such file or directory\npfctl: load anchors\n`)
  for (const one of files) load(machine, screen, { anchor: one.anchor, file: one.file, stdin, isTrial, shows })
  if (isTrial) return
  const of = (kind: 'ether' | 'nat' | 'filter') => rules.filter(rule => rule.kind === kind).map(rule => rule.text)
  const ether = of('ether')
  put(machine, anchor, { ...(ether.length === 0 ? {} : { ether }), nat: of('nat'), filter: of('filter') })
}

/** An anchor without rules is none. */
function put(machine: Machine, anchor: string, ruleset: Ruleset): void {
  const { anchors } = kernelOf(machine).pf
  if (ruleset.nat.length + ruleset.filter.length + (ruleset.ether?.length ?? 0) > 0) anchors[anchor] = ruleset
  else delete anchors[anchor]
  machine.changed()
}

function addressesOf(machine: Machine, name: string, isNetwork: boolean): string[] {
  const found = kernelOf(machine).interfaces.find(each => each.vnet === 0 && each.name === name)
  const own = found?.addresses.filter(each => !each.address.startsWith('fe80:')) ?? []
  return own.map(each => (isNetwork ? networkOf(each) : each.address))
}

function networkOf({ family, address, prefix }: Interface['addresses'][number]): string {
  if (family === 'inet6') throw new Unknown(`network of ${address}`)
  const size = 2 ** (32 - prefix)
  return `${toDotted(Math.floor(toNumber(address) / size) * size)}/${prefix}`
}

function clear(machine: Machine, anchor: string, what: string): string[] {
  const { anchors } = kernelOf(machine).pf
  const { nat = [], filter = [] } = anchors[anchor] ?? {}
  switch (what) {
    case 'nat':
      put(machine, anchor, { nat: [], filter })
      return ['nat cleared']
    case 'rules':
      put(machine, anchor, { nat, filter: [] })
      return ['rules cleared']
    case 'all':
      put(machine, anchor, { nat: [], filter: [] })
      return ['rules cleared', 'nat cleared', '0 tables deleted.', ...(anchor === '' ? CLEARED_WITH_MAIN : [])]
    case 'states':
      return ['0 states cleared']
    case 'info':
      return ['pf: statistics cleared']
    default:
      throw new Unknown(`modifier -F ${what}`)
  }
}

const CLEARED_WITH_MAIN = [
  '0 states cleared',
  'source tracking entries cleared',
  'pf: statistics cleared',
  'pf: interface flags reset',
]

function describe(machine: Machine, anchor: string, what: string, isRecursive: boolean): string {
  const { anchors } = kernelOf(machine).pf
  const { nat = [], filter = [] } = anchors[anchor] ?? {}
  const lines = (texts: readonly string[]) => texts.map(text => `${text}\n`).join('')
  switch (what) {
    case 'n':
    case 'nat':
      return lines(nat)
    case 'r':
    case 'rules':
      return lines(isRecursive ? shownWithin(anchors, anchor) : filter)
    case 'e':
    case 'ether':
      return lines(anchors[anchor]?.ether ?? [])
    case 'A':
    case 'Anchors':
      return lines(anchorsIn(machine, anchor).map(name => `  ${name}`))
    case 's':
    case 'states':
      return ''
    case 'i':
    case 'info':
      return status(machine)
    default:
      throw new Unknown(`modifier -s ${what}`)
  }
}

/** Those directly in this one; a rule that names an anchor makes it. */
function anchorsIn(machine: Machine, parent: string): string[] {
  const { anchors } = kernelOf(machine).pf
  const named = Object.entries(anchors).flatMap(([name, { nat, filter }]) =>
    [...nat, ...filter].flatMap(text => {
      const target = /^(?:nat-|rdr-)?anchor "([^"]+)"/.exec(text)?.[1]?.replace(/\/\*$/, '')
      return target === undefined ? [] : [name === '' ? target : `${name}/${target}`]
    }),
  )
  const prefix = parent === '' ? '' : `${parent}/`
  const below = [...Object.keys(anchors), ...named].filter(name => name !== '' && name.startsWith(prefix))
  const direct = below.map(name => prefix + (name.slice(prefix.length).split('/')[0] ?? ''))
  return [...new Set(direct)].sort()
}

function status(machine: Machine): string {
  const { isEnabled, since } = kernelOf(machine).pf
  const seconds = machine.seconds - since
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  const time = clock.map(part => String(part).padStart(2, '0')).join(':')
  const days = since === 0 ? '' : ` for ${Math.floor(seconds / 86_400)} days ${time}`
  const head = `Status: ${isEnabled ? 'Enabled' : 'Disabled'}${days}`
  const row = (name: string, rate: boolean) =>
    `  ${name.padEnd(25)} ${'0'.padStart(14)}${rate ? '0.0/s'.padStart(17) : ' '.repeat(15)}\n`
  return [
    `${head.padEnd(44)}${'Debug: Urgent'.padStart(15)}\n\n`,
    'State Table                          Total             Rate\n',
    row('current entries', false),
    ...['searches', 'inserts', 'removals'].map(name => row(name, true)),
    'Counters\n',
    ...['match', ...COUNTERS].map(name => row(name, true)),
  ].join('')
}
