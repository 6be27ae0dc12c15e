/** jail.conf(5): its words and its grammar (usr.sbin/jail/jaillex.l, jailparse.y). */

/** A value as it is written: text, and variables to be put in. */
export type Piece = string | { readonly variable: string }

export interface Setting {
  readonly name: string
  readonly values: readonly (readonly Piece[])[]
  /** `+=` */
  readonly appends: boolean
  readonly isVariable: boolean
}

export interface Block {
  /** `*` for settings outside any jail. */
  readonly name: string
  readonly settings: Setting[]
}

/** The file is no jail.conf; the message is all that jail(8) says. */
export class BadConf extends Error {}

interface Word {
  readonly pieces: Piece[]
  readonly raw: string
}
interface Token {
  readonly line: number
  /** Or one of `{ } = += , ;`, or a character that belongs nowhere; nothing at the end of the file. */
  readonly is: Word | string | undefined
}

/** `instr`: strings and variables that touch are one word. */
const PIECE =
  /(?<variable>\$(?:[A-Za-z_]\w*|\{[^\n{}]*\}))|'(?<single>(?:[^'\\]|\\.)*)'|"(?<double>(?:[^"\\]|\\.)*)"|(?<escaped>\\(?:[0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.))|(?<plain>(?!\+=|\/\/|\/\*)[A-Za-z0-9_!%&()\-.:<>?@[\]^`|~$*+/])/sy
const SPACE = /[ \t\r]+|#[^\n]*|\/\/[^\n]*|\/\*.*?\*\//sy
const RESERVED = /\+=|[,;={}]/y

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
}

const unescaped = (text: string) =>
  text.replace(/\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))/gs, (_, octal, hex, letter) =>
    octal !== undefined
      ? String.fromCharCode(Number.parseInt(octal, 8))
      : hex !== undefined
        ? String.fromCharCode(Number.parseInt(hex, 16))
        : (ESCAPES[letter] ?? letter),
  )

function tokens(text: string, file: string): Token[] {
  const found: Token[] = []
  let at = 0
  let line = 1
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) return undefined
    at += match[0].length
    line += match[0].split('\n').length - 1
    return match
  }
  while (at < text.length) {
    if (text[at] === '\n') {
      at += 1
      line += 1
      continue
    }
    if (take(SPACE)) continue
    const reserved = take(RESERVED)
    if (reserved) {
      found.push({ line, is: reserved[0] })
      continue
    }
    const [start, pieces] = [at, [] as Piece[]]
    for (let match = take(PIECE); match; match = take(PIECE)) pieces.push(...piecesOf(match))
    if (pieces.length > 0) found.push({ line, is: { pieces: joined(pieces), raw: text.slice(start, at) } })
    else if (text[at] === "'" || text[at] === '"') throw new BadConf(`${file} line ${line}: unterminated string`)
    else if (text.startsWith('/*', at)) throw new BadConf(`${file} line ${line}: unterminated comment`)
    else found.push({ line, is: text[at++] ?? '' })
  }
  return [...found, { line, is: undefined }]
}

function piecesOf({ groups = {} }: RegExpExecArray): Piece[] {
  const { variable, single, double, escaped, plain } = groups
  if (variable !== undefined) return [{ variable: variable.replace(/[${}]/g, '') }]
  if (double === undefined) return [single === undefined ? unescaped(escaped ?? plain ?? '') : unescaped(single)]
  const parts = double.split(/((?<!\\)\$(?:[A-Za-z_]\w*|\{[^\n"{}]*\}))/)
  return parts.map((part, index) => (index % 2 === 1 ? { variable: part.replace(/[${}]/g, '') } : unescaped(part)))
}

function joined(pieces: readonly Piece[]): Piece[] {
  const whole: Piece[] = []
  for (const piece of pieces) {
    const last = whole.at(-1)
    if (typeof piece === 'string' && typeof last === 'string') whole[whole.length - 1] = last + piece
    else whole.push(piece)
  }
  return whole
}

export function parseConf(text: string, file: string): Block[] {
  const all = tokens(text, file)
  let at = 0
  const here = () => all[at] as Token
  const refuse = (): never => {
    const { line, is } = here()
    if (is === undefined) throw new BadConf(`${file}: unexpected EOF`)
    throw new BadConf(`${file} line ${line}: ${typeof is === 'string' ? is : is.raw}: syntax error`)
  }
  const accept = (mark: string) => here().is === mark && ++at > 0
  const word = (): Word => {
    const { is } = here()
    if (typeof is !== 'object') return refuse()
    at += 1
    return is
  }
  const setting = ({ pieces }: Word): Setting => {
    const [name, ...more] = pieces
    if (name === undefined || more.length > 0) return refuse()
    const appends = accept('+=')
    const values = []
    if (appends || accept('=') || typeof here().is === 'object') {
      do values.push(word().pieces)
      while (accept(','))
    }
    if (!accept(';')) refuse()
    const isVariable = typeof name !== 'string'
    return { name: isVariable ? name.variable : name, values, appends, isVariable }
  }

  const blocks: Block[] = []
  while (here().is !== undefined) {
    if (accept(';')) continue
    const first = word()
    if (!accept('{')) {
      if (blocks.at(-1)?.name !== '*') blocks.push({ name: '*', settings: [] })
      blocks.at(-1)?.settings.push(setting(first))
      continue
    }
    const settings: Setting[] = []
    while (!accept('}')) if (!accept(';')) settings.push(setting(word()))
    blocks.push({ name: first.pieces.map(piece => (typeof piece === 'string' ? piece : '')).join(''), settings })
  }
  return blocks
}
