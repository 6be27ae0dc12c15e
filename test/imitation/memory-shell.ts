/**
 * As much of sh(1) as the commands of jail.conf(5) and of tests need: words, quotes, `;`, `&&`, `||`, `&`, comments and
 * redirections to /dev/null. What it cannot follow it refuses.
 */
import { Unknown } from './screen.ts'

export interface ShellCommand {
  readonly words: readonly string[]
  /** When it runs, by the status of the one before. */
  readonly after: ';' | '&&' | '||'
  readonly inBackground: boolean
  readonly quietOut: boolean
  readonly quietErr: boolean
}

/** Reserved words and what expands: no simple command has these. */
const RESERVED = new Set(
  'if then else elif fi for in do done while until case esac { } ! . eval local return set'.split(' '),
)

type Token = { readonly word: string } | { readonly operator: string }

function tokens(text: string): Token[] {
  const found: Token[] = []
  const pattern =
    /(?<blank>[ \t]+|\\\n)|(?<comment>#[^\n]*)|(?<operator>&&|\|\||\d?>>?&?\s*(?:\/dev\/null|[12])\b|[;&\n])|(?<word>(?:'[^']*'|"(?:[^"\\$`]|\\.)*"|\\.|[^\s'"\\;&|<>()`$#]|(?<=\S)#|\$\?)+)/gsy
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex
    const match = pattern.exec(text)
    if (match === null) throw new Unknown(`syntax in sh(1): ${text.slice(at, at + 30)}`)
    const { operator, word } = match.groups ?? {}
    if (operator !== undefined) found.push({ operator: operator.replace(/\s+/g, operator === '\n' ? '\n' : '') })
    if (word !== undefined) found.push({ word })
  }
  return found
}

const unquote = (word: string) =>
  word.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs,
    (_, single, double, escaped) => single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped,
  )

export function parseShell(text: string): ShellCommand[] {
  const commands: ShellCommand[] = []
  let words: string[] = []
  let after: ShellCommand['after'] = ';'
  let [quietOut, quietErr] = [false, false]
  const finish = (inBackground: boolean) => {
    if (words.length > 0) commands.push({ words, after, inBackground, quietOut, quietErr })
    words = []
    after = ';'
    quietOut = quietErr = false
  }
  for (const token of tokens(text)) {
    if ('word' in token) {
      if (words.length === 0 && (RESERVED.has(token.word) || /^\w+=/.test(token.word) || /\(\)$/.test(token.word)))
        throw new Unknown(`word of sh(1): ${token.word}`)
      words.push(unquote(token.word))
    } else if (token.operator.includes('>')) {
      const toNull = token.operator.endsWith('/dev/null')
      if (token.operator.startsWith('2')) quietErr = toNull || quietOut
      else if (toNull) quietOut = true
    } else {
      finish(token.operator === '&')
      if (token.operator === '&&' || token.operator === '||') after = token.operator
    }
  }
  finish(false)
  return commands
}
