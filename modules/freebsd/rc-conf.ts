/**
 * Files of assignments that sh(1) sources: rc.conf(5) and periodic.conf(5). They are read as text and never evaluated
 * (fact host-1); whatever is more than an assignment of a constant is left alone. sysrc(8) does not escape what it writes
 * (fact host-3): here it is written so that sh and sysrc read it alike, or not at all.
 */
import { CONTROL, type Statement, type Syntax } from './settings-syntax.ts'

/**
 * A line of sh, with the lines that its quotes and backslashes take in. A `#` begins a comment at the start of a word
 * only, and after a blank with a backslash there is none.
 */
const LINE = /(?:[^\n\\'"#]|\\[\s\S]#*|'[^']*'|"(?:[^"\\]|\\[\s\S])*"|(?<=[^\s;&|()])#|#[^\n]*)*(?:\n|$)/y

/** A word of constants: no `$`, no backtick, no `~`, nothing that ends a command. */
const CONSTANT = /(?:[^\s'"\\$`;&|<>()~]|\\[^\n]|'[^']*'|"(?:[^"\\$`]|\\[\s\S])*")*/
const ASSIGNMENT = new RegExp(
  `^[ \\t]*([A-Za-z_]\\w*)=(${CONSTANT.source})((?:[ \\t]*;)?[ \\t]*|(?:[ \\t]*;[ \\t]*|[ \\t]+)#[^\\n]*)\\n?$`,
)
const ANY_ASSIGNMENT = /([A-Za-z_]\w*):?\+?=/g

/** What stands between these may never be run, or more than once. */
const OPENS = /^\s*(?:if|for|while|until|case)\b|\{\s*$/
const CLOSES = /(?:^|[;\s])(?:fi|done|esac)\s*(?:$|[;&|<>#])|^\s*\}/

const NAME = /^[A-Za-z_]\w*$/

export const RC_CONF: Syntax = {
  page: 'rc.conf(5)',

  parse(text) {
    const statements: Statement[] = []
    let depth = 0
    for (let at = 0; at < text.length; ) {
      LINE.lastIndex = at
      const line = LINE.exec(text)?.[0]
      if (line === undefined) {
        statements.push({ kind: 'broken', text: text.slice(at) })
        break
      }
      const statement = parseLine(line)
      if (statement.kind === 'strange') {
        if (CLOSES.test(line)) depth = Math.max(0, depth - (OPENS.test(line) ? 0 : 1))
        else if (OPENS.test(line)) depth += 1
      }
      statements.push(
        depth > 0 && statement.kind === 'setting'
          ? { kind: 'strange', text: line, names: [statement.name] }
          : statement,
      )
      at += line.length
    }
    return statements
  },

  objection(name, value) {
    if (!NAME.test(name)) return `'${name}' is no name of a variable of sh(1)`
    if (/[$`\\]/.test(value))
      return "sh(1) would evaluate '$', a backtick or a backslash in it: write out what is meant"
    if (CONTROL.test(value)) return 'it has a control character or more than one line'
    if (value.includes('"') && value.includes("'")) return 'it has both kinds of quotes, and can be put in neither'
    return undefined
  },

  render: (name, value) => (value.includes('"') ? `${name}='${value}'` : `${name}="${value}"`),
}

function parseLine(text: string): Statement {
  if (/^\s*(?:#|$)/.test(text)) return { kind: 'other', text }
  const [, name, word = '', tail = ''] = ASSIGNMENT.exec(text) ?? []
  if (name !== undefined) return { kind: 'setting', text, name, value: unquote(word), tail: tail.trimEnd() }
  return { kind: 'strange', text, names: [...text.matchAll(ANY_ASSIGNMENT)].map(([, each = '']) => each) }
}

/** Quote removal of sh(1). */
const unquote = (word: string) =>
  word.replace(
    /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g,
    (_, single: string | undefined, double: string | undefined, escaped: string) =>
      single ?? double?.replace(/\\(["\\$`]|\n)/g, (_, one: string) => (one === '\n' ? '' : one)) ?? escaped,
  )
