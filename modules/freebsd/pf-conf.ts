/**
 * pf.conf(5) as text: finding places for lines of ours in a file that is somebody else's. Its statements must come in the
 * order of the manual ("STATEMENT ORDER"), except macros, tables and `load anchor` (sbin/pfctl/parse.y, check_rulestate).
 */

const ORDER = ['option', 'ethernet', 'normalization', 'queueing', 'translation', 'filter'] as const
export type Kind = (typeof ORDER)[number]

interface Statement {
  /** With its line breaks. */
  readonly text: string
  /** Undefined for what may stand anywhere. */
  readonly kind: Kind | undefined
}

/** A comment, or a string; neither has braces that count. */
const TOKEN = /#(?:\\\n|[^\n])*|"[^"]*"|\\\n|[{}\n]|[^#"\\{}\n]+|\\/g

export function parseRules(text: string): Statement[] {
  const statements: Statement[] = []
  let depth = 0
  let current = ''
  for (const [token] of text.matchAll(TOKEN)) {
    current += token
    if (token === '{') depth += 1
    else if (token === '}') depth = Math.max(0, depth - 1)
    else if (token === '\n' && depth === 0) {
      statements.push({ text: current, kind: kindOf(current) })
      current = ''
    }
  }
  return current === '' ? statements : [...statements, { text: current, kind: kindOf(current) }]
}

const KINDS: readonly (readonly [kind: Kind, start: RegExp])[] = [
  ['option', /^set\b/],
  ['ethernet', /^ether\b/],
  ['normalization', /^(no )?scrub\b/],
  ['queueing', /^(altq|queue)\b/],
  ['translation', /^((no )?(nat|rdr|binat)|(nat|rdr|binat)-anchor)\b/],
  ['filter', /^(pass|block|match|anchor|antispoof)\b/],
]

const kindOf = (text: string) => KINDS.find(([, start]) => start.test(plain(text)))?.[0]

/** Without comments, with single blanks. */
const plain = (text: string) =>
  text
    .replace(/"[^"]*"|#.*/g, part => (part.startsWith('#') ? '' : part))
    .replace(/\\\n/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()

/** `text` with these lines in it. One that is there already stays where it is. Each goes before what must follow it. */
export function withLines(text: string, lines: readonly string[]): string {
  const statements = parseRules(text)
  const present = new Set(statements.map(statement => plain(statement.text).replace(/ all$/, '')))
  for (const line of lines) {
    if (present.has(line)) continue
    const at = placeFor(statements, kindOf(line))
    const last = statements[at - 1]
    if (last !== undefined && !last.text.endsWith('\n')) statements[at - 1] = { ...last, text: `${last.text}\n` }
    statements.splice(at, 0, { text: `${line}\n`, kind: kindOf(line) })
  }
  return statements.map(statement => statement.text).join('')
}

/**
 * Before the first statement that must come later. A filter rule goes before all others, so that what is `quick` in it
 * decides; a translation goes behind all others, of which the first that matches counts.
 */
function placeFor(statements: readonly Statement[], kind: Kind | undefined): number {
  if (kind === undefined) return statements.length
  const rank = ORDER.indexOf(kind)
  const at = statements.findIndex(one => {
    const other = one.kind === undefined ? -1 : ORDER.indexOf(one.kind)
    return other > rank || (kind === 'filter' && other === rank)
  })
  return at === -1 ? statements.length : at
}

/** Filter rules and translations of somebody else: putting them into force may cut connections. */
export const hasRulesBeside = (text: string, lines: readonly string[]): boolean =>
  parseRules(text).some(
    ({ text: one, kind }) =>
      (kind === 'filter' || kind === 'translation' || kind === 'ethernet') &&
      !lines.includes(plain(one).replace(/ all$/, '')),
  )
