/** The rules of some jails in rctl.conf(5). Lines of others, comments and what follows a rule stay as they are. */
import type { Rule } from '../../freebsd/rctl.ts'
import { type BootFile, type Line, lineOf, parseLines } from '../../freebsd/rctl-conf.ts'
import { kindOf, type Request, sameRule, wantedOf } from './wishes.ts'

/** The text with the rules that `requests` want, and no others of their jails that they do not keep. */
export function withLimits(text: string, requests: readonly Request[]): string {
  return requests
    .reduce(withLimitsOf, parseLines(text))
    .map(line => line.text)
    .join('')
}

export const rulesIn = (text: string | undefined, jail: string): Rule[] =>
  // The last `deny` rule of a kind counts, and any rule once.
  parseLines(text ?? '').reduce<Rule[]>((rules, { rule }) => {
    if (rule?.jail !== jail) return rules
    const replaced = (each: Rule) => (rule.action === 'deny' ? kindOf(each) === kindOf(rule) : sameRule(each, rule))
    return [...rules.filter(each => !replaced(each)), rule]
  }, [])

function withLimitsOf(lines: Line[], request: Request): Line[] {
  const { jail, limits } = request
  if (limits === undefined) return lines
  const present = lines.flatMap(({ rule }) => (rule?.jail === jail ? [rule] : []))
  const wanted = wantedOf(request, present)
  const missing = wanted.filter(rule => !present.some(each => sameRule(each, rule)))
  const placed: Rule[] = []
  const place = (rule: Rule, line: Line) => {
    placed.push(rule)
    return [line]
  }
  const kept = lines.flatMap(line => {
    if (line.jail !== jail) return [line]
    const { rule } = line
    // What cannot be read would be reported by every boot; it is nobody's limit.
    if (rule === undefined) return request.keepsOthers ? [line] : []
    if (wanted.some(each => sameRule(each, rule)))
      return placed.some(each => sameRule(each, rule)) ? [] : place(rule, line)
    const successor = missing.find(each => kindOf(each) === kindOf(rule) && !placed.includes(each))
    return successor === undefined ? [] : place(successor, lineOf(successor, line.tail))
  })
  const added = missing.filter(rule => !placed.includes(rule)).map(rule => lineOf(rule))
  if (added.length === 0) return kept
  const end = kept.findLastIndex(line => line.jail === jail) + 1 || kept.length
  return [...kept.slice(0, end).map(ended), ...added, ...kept.slice(end)]
}

/** A file's last line may lack its line break. */
const ended = (line: Line): Line => (line.text.endsWith('\n') ? line : { ...line, text: `${line.text}\n` })

/** Why the file that is to be written should not be. */
export function obstacle({ path, type, text }: BootFile): string | undefined {
  if (type === 'link') return `${path} is a symbolic link, which a new file would replace. Put a real file there.`
  if (type === 'directory' || type === 'other') return `${path} is not a file. Look at what it is, and move it away.`
  if (text?.includes('\uFFFD')) return `${path} is not text in UTF-8, and writing it would damage it. Convert it first.`
  return undefined
}
