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
  const info = await machine.query(INFO, { exits: [0, 1] })
  if (info.exit !== 0) {
    if (!/\/dev\/pf: No such file/.test(info.stderr)) throw new UnexpectedOutput(INFO, info.stderr || info.stdout)
    return { isLoaded: false, isEnabled: false, main: [], anchor: [] }
  }
  const status = /^Status: (Enabled|Disabled)\b/m.exec(info.stdout)?.[1]
  if (status === undefined) throw new UnexpectedOutput(INFO, info.stdout)
  return {
    isLoaded: true,
    isEnabled: status === 'Enabled',
    main: await rulesOf(machine, ['pfctl', '-sr']),
    anchor: await rulesOf(machine, ['pfctl', '-a', anchor, '-sr']),
  }
}

/** An anchor that is not there has none, whatever pfctl exits with. */
async function rulesOf(machine: Probe, command: Command): Promise<string[]> {
  const { stdout } = await machine.query(command, { exits: [0, 1] })
  return stdout.split('\n').filter(line => line !== '')
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
/** Only where it is not: "pf already enabled" is a failure (fact net-4). */
export const enableFilter = (): RunStep => run('pfctl', '-e')
export const loadFilter = (): RunStep => loadModules(['pf'])
