/**
 * What sh(1) makes of the assignments in an rc.conf: sysrc(8) sources the files it reads (facts.md host-1), in an
 * environment with no variable left, not even PATH, so that no command is found by its name alone.
 */
export interface Evaluated {
  readonly variables: ReadonlyMap<string, string>
  /** What sourcing it wrote to standard error. */
  readonly stderr: string
}

/** Called with the words of a command whose first is an absolute path: it would be run, by root. */
export type RunCommand = (words: readonly string[]) => string

export class SyntaxFault extends Error {}

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=/

export function evaluate(text: string, file: string, run: RunCommand, given = new Map<string, string>()): Evaluated {
  const variables = new Map(given)
  let stderr = ''
  const substitute = (command: string): string => {
    const words = command.trim().split(/\s+/)
    if (words[0]?.startsWith('/')) return run(words)
    stderr += `${file}: ${words[0]}: not found\n`
    return ''
  }
  for (let rest = text; rest !== ''; ) {
    const assignment = ASSIGNMENT.exec(rest)
    if (assignment === null) {
      // Comments, and statements that assign nothing.
      rest = rest.slice(rest.indexOf('\n') < 0 ? rest.length : rest.indexOf('\n') + 1)
      continue
    }
    const word = expand(rest.slice(assignment[0].length), variables, substitute)
    variables.set(assignment[1] ?? '', word.value)
    rest = word.rest.replace(/^[ \t;]*(#[^\n]*)?\n?/, '')
  }
  return { variables, stderr }
}

interface Word {
  readonly value: string
  readonly rest: string
}

/** Reads one word with its quotes, from where it begins to the blank, `;` or line end after it. */
function expand(text: string, variables: ReadonlyMap<string, string>, substitute: (command: string) => string): Word {
  let value = ''
  let quoted = false
  for (let at = 0; ; ) {
    const char = text[at]
    if (char === undefined) {
      if (quoted) throw new SyntaxFault('Unterminated quoted string')
      return { value, rest: '' }
    }
    if (!quoted && /[\s;&|]/.test(char)) return { value, rest: text.slice(at) }
    if (char === '"') {
      quoted = !quoted
      at += 1
    } else if (char === "'" && !quoted) {
      const end = text.indexOf("'", at + 1)
      if (end < 0) throw new SyntaxFault('Unterminated quoted string')
      value += text.slice(at + 1, end)
      at = end + 1
    } else if (char === '\\') {
      const next = text[at + 1] ?? ''
      // Inside double quotes a backslash stays before what it has no meaning for.
      value += next === '\n' ? '' : quoted && !/[\\"$`]/.test(next) ? `\\${next}` : next
      at += 2
    } else if (char === '`') {
      const end = text.indexOf('`', at + 1)
      if (end < 0) throw new SyntaxFault('EOF in backquote substitution')
      value += substitute(text.slice(at + 1, end))
      at = end + 1
    } else if (text.startsWith('$(', at)) {
      const end = text.indexOf(')', at)
      if (end < 0) throw new SyntaxFault('Missing ")"')
      value += substitute(text.slice(at + 2, end))
      at = end + 1
    } else {
      const variable = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/.exec(text.slice(at))
      value += variable === null ? char : (variables.get(variable[1] ?? variable[2] ?? '') ?? '')
      at += variable === null ? 1 : variable[0].length
    }
  }
}
