/** rctl.conf(5), and what rc.d/rctl makes of it at boot: the first word of each line goes to `rctl -a`. */
import type { PathStatus, Probe } from '../core/host.ts'
import { readRcFiles } from './rc-files.ts'
import { parseRule, type Rule, ruleOf } from './rctl.ts'
import { linesOf } from './settings-syntax.ts'

/** Lines with their line breaks: put together they are the text again. */
export interface Line {
  readonly text: string
  /** Of a line that names a jail: which. */
  readonly jail?: string
  /** Missing where rctl(8) would refuse it, or reads more than we do. */
  readonly rule?: Rule
  /** What follows the rule: blanks and a comment. */
  readonly tail: string
}

export const parseLines = (text: string): Line[] =>
  linesOf(text).map(line => {
    const [, word = '', tail = ''] = /^\s*([^\s#]\S*)(.*)$/.exec(line.trimEnd()) ?? []
    const jail = /^j(?:ail)?:([^:]+)/i.exec(word)?.[1]
    const rule = parseRule(word)
    return { text: line, tail, ...(jail === undefined ? {} : { jail }), ...(rule === undefined ? {} : { rule }) }
  })

export const lineOf = (rule: Rule, tail = ''): Line => ({
  text: `${ruleOf(rule)}${tail}\n`,
  jail: rule.jail,
  rule,
  tail,
})

export interface BootFile {
  readonly path: string
  /** What is there; undefined where there is nothing. */
  readonly type: PathStatus['type'] | undefined
  readonly text: string | undefined
  /** `rctl_enable`: whether a boot reads it. */
  readonly isRead: boolean
}

/** Read as text, without a process. */
export async function readBootFile(machine: Probe): Promise<BootFile> {
  const settings = await readRcFiles(machine, 'rctl')
  const path = settings.get('rctl_rules') ?? '/etc/rctl.conf'
  const type = (await machine.status(path))?.type
  return {
    path,
    type,
    text: type === 'file' || type === 'link' ? await machine.read(path) : undefined,
    isRead: /^(yes|true|on|1)$/i.test(settings.get('rctl_enable') ?? 'YES'),
  }
}
