/**
 * pfctl(8). Sources: freebsd-14.2/04-symlink-rctl-net.jsonl, "pf(4)"; sbin/pfctl/pfctl.c. One anchor is loaded and the
 * rest of the rules stays (fact net-4), all of one file in one transaction.
 */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'
import { loadModules } from './kld.ts'

export interface Filter {
  /** The kernel has pf at all. */
  readonly isLoaded: boolean
  readonly isEnabled: boolean
  /** Filter rules of the main ruleset, as pfctl prints them. */
  readonly main: readonly string[]
  /** Those of the anchor that was asked about. */
  readonly anchor: readonly string[]
}

const INFO: Command = ['pfctl', '-si']

/** Three processes, or one where the kernel has no pf. */
export async function readFilter(machine: Probe, anchor: string): Promise<Filter> {
  const isEnabled = await readStatus(machine)
  if (isEnabled === undefined) return { isLoaded: false, isEnabled: false, main: [], anchor: [] }
  return {
    isLoaded: true,
    isEnabled,
    main: await rulesOf(machine, ['pfctl', '-sr']),
    anchor: await rulesOf(machine, ['pfctl', '-a', anchor, '-sr']),
  }
}

/** Undefined where the kernel has no pf. */
async function readStatus(machine: Probe): Promise<boolean | undefined> {
  const info = await machine.query(INFO, { exits: [0, 1] })
  if (info.exit !== 0) {
    if (!NO_PF.test(info.stderr)) throw new UnexpectedOutput(INFO, info.stderr || info.stdout)
    return undefined
  }
  const status = /^Status: (Enabled|Disabled)\b/m.exec(info.stdout)?.[1]
  if (status === undefined) throw new UnexpectedOutput(INFO, info.stdout)
  return status === 'Enabled'
}

export interface Anchors {
  /** The kernel has pf at all. */
  readonly isLoaded: boolean
  readonly isEnabled: boolean
  /** Rules by the anchor they are in, those of the main ruleset under the empty name; only anchors that are called. */
  readonly rules: ReadonlyMap<string, readonly string[]>
}

const NO_PF = /\/dev\/pf: No such file/
const EVERYTHING: Command = ['pfctl', '-a', '*', '-sr']

/** One process. Undefined where the kernel has no pf; whether it is on, these do not tell. */
export async function readRules(machine: Probe): Promise<Anchors['rules'] | undefined> {
  const { exit, stdout, stderr } = await machine.query(EVERYTHING, { exits: [0, 1] })
  return exit !== 0 && NO_PF.test(stderr) ? undefined : parseAnchors(stdout)
}

/** Two processes for any number of anchors, or one where the kernel has no pf. */
export async function readAnchors(machine: Probe): Promise<Anchors> {
  const isEnabled = await readStatus(machine)
  if (isEnabled === undefined) return { isLoaded: false, isEnabled: false, rules: new Map() }
  return { isLoaded: true, isEnabled, rules: (await readRules(machine)) ?? new Map() }
}

/**
 * Filter rules, each anchor's in braces behind the rule that calls it (pfctl_show_rules of sbin/pfctl/pfctl.c). `hosting/*`
 * stands for all that are in `hosting`.
 */
export function parseAnchors(stdout: string): Map<string, string[]> {
  const found = new Map<string, string[]>([['', []]])
  const within: string[] = ['']
  for (const line of stdout.split('\n').map(text => text.trim())) {
    if (line === '') continue
    if (line === '}') {
      if (within.length === 1) throw new UnexpectedOutput(EVERYTHING, stdout)
      within.pop()
      continue
    }
    const parent = within.at(-1) ?? ''
    const rules = found.get(parent) ?? []
    found.set(parent, [...rules, line.replace(/ \{$/, '')])
    const called = /^anchor "([^"]+)".* \{$/.exec(line)?.[1]?.replace(/\/\*$/, '')
    if (called !== undefined) within.push(parent === '' ? called : `${parent}/${called}`)
  }
  return found
}

/** An anchor that is not there has none, whatever pfctl exits with. */
async function rulesOf(machine: Probe, command: Command): Promise<string[]> {
  const { stdout } = await machine.query(command, { exits: [0, 1] })
  return stdout.split('\n').filter(line => line !== '')
}

/** Main rules in force that are not in a file: read with -n, that is shown with -v as what is in force is. Two processes. */
export async function listRulesBeside(machine: Probe, file: string, filter: Pick<Filter, 'main'>): Promise<string[]> {
  const [translations, inFile] = [
    await rulesOf(machine, ['pfctl', '-sn']),
    await rulesOf(machine, ['pfctl', '-n', '-v', '-f', file]),
  ]
  return [...translations, ...filter.main].filter(rule => !inFile.includes(rule))
}

const mistaken = (what: string) => [
  {
    said: /syntax error|pf rules not loaded/,
    means: `pf does not take ${what}; the rules in force and the files are as they were.`,
  },
]

/** Reads rules and loads none: -n. */
export const checkRules = (text: string): RunStep => ({
  ...run('pfctl', '-n', '-f', '-'),
  input: text,
  objections: mistaken('the main rules with the anchors of hosting in them'),
})

export const checkAnchor = (anchor: string, text: string): RunStep => ({
  ...run('pfctl', '-a', anchor, '-n', '-f', '-'),
  input: text,
  objections: mistaken('these rules'),
})

export const loadRules = (file: string): RunStep => run('pfctl', '-f', file)
export const loadAnchor = (anchor: string, file: string): RunStep => run('pfctl', '-a', anchor, '-f', file)
export const flushAnchor = (anchor: string): RunStep => run('pfctl', '-q', '-a', anchor, '-F', 'all')

/** For jail.conf(5): before a jail's interfaces are there, and when they are gone. */
export const loadLine = (anchor: string, file: string) => `pfctl -a ${anchor} -f ${file}`
export const flushLine = (anchor: string) => `pfctl -q -a ${anchor} -F all`

/** Only where it is not: "pf already enabled" is a failure (fact net-4). */
export const enableFilter = (): RunStep => run('pfctl', '-e')
export const loadFilter = (): RunStep => loadModules(['pf'])
