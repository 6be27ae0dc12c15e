/** As much of UCL, the language of pkg.conf(5) and package manifests, as those use. JSON is part of it. */

export type Ucl = string | number | boolean | Ucl[] | { [key: string]: Ucl }

/** In libucl's words (ucl_parser.c, ucl_set_err). */
export class UclError extends Error {}

export function parseUcl(text: string): { [key: string]: Ucl } {
  return new Reader(text).document()
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): { [key: string]: Ucl } {
    this.#skip()
    if (this.#peek() === '{') return this.#object()
    return this.#members(undefined)
  }

  #object(): { [key: string]: Ucl } {
    this.#at += 1
    return this.#members('}')
  }

  #members(end: string | undefined): { [key: string]: Ucl } {
    const found: { [key: string]: Ucl } = {}
    for (;;) {
      this.#skip(',;')
      const char = this.#peek()
      if (char === end) {
        if (end !== undefined) this.#at += 1
        return found
      }
      if (char === undefined) throw new UclError('error while parsing <unknown>: unexpected end of file')
      const key = this.#key()
      found[key] = this.#value()
    }
  }

  #key(): string {
    if (this.#peek() === '"') return this.#quoted()
    const start = this.#at
    while (/[\w./-]/.test(this.#peek() ?? '')) this.#at += 1
    const key = this.#text.slice(start, this.#at)
    const blank = /^[ \t]*/.exec(this.#text.slice(this.#at))?.[0] ?? ''
    this.#at += blank.length
    const next = this.#peek()
    if (next === ':' || next === '=') this.#at += 1
    else if (next !== '{' && next !== '[' && (blank === '' || next === '\n' || next === undefined)) this.#refuse()
    this.#skip()
    return key
  }

  #value(): Ucl {
    this.#skip()
    if (this.#peek() === ':' || this.#peek() === '=') {
      this.#at += 1
      this.#skip()
    }
    switch (this.#peek()) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#quoted()
    }
    if (this.#text.startsWith('<<', this.#at)) return this.#here()
    const word = /^[^\n,;}\]#]*/.exec(this.#text.slice(this.#at))?.[0] ?? ''
    this.#at += word.length
    return plain(word.trim())
  }

  #array(): Ucl[] {
    this.#at += 1
    const found: Ucl[] = []
    for (;;) {
      this.#skip(',;')
      if (this.#peek() === undefined) throw new UclError('error while parsing <unknown>: unexpected end of file')
      if (this.#peek() === ']') {
        this.#at += 1
        return found
      }
      if (/[{["]/.test(this.#peek() ?? '')) found.push(this.#value())
      else {
        const word = /^[^\s,;\]]+/.exec(this.#text.slice(this.#at))?.[0] ?? ''
        this.#at += word.length
        found.push(plain(word))
      }
    }
  }

  #quoted(): string {
    const match = /^"((?:[^"\\]|\\.)*)"/s.exec(this.#text.slice(this.#at))
    if (match === null) throw new UclError('error while parsing <unknown>: unterminated quoted string')
    this.#at += match[0].length
    this.#skip()
    const text = match[1] ?? ''
    return text.replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (_, code: string) =>
      code.startsWith('u')
        ? String.fromCharCode(Number.parseInt(code.slice(1), 16))
        : ({ n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }[code] ?? code),
    )
  }

  /** `<<EOD`, lines, `EOD`. */
  #here(): string {
    const match = /^<<([A-Z]+)\n(.*?)\n?^\1$/ms.exec(this.#text.slice(this.#at))
    if (match === null) throw new UclError('error while parsing <unknown>: unterminated multiline value')
    this.#at += match[0].length
    return match[2] ?? ''
  }

  #peek(): string | undefined {
    return this.#text[this.#at]
  }

  #skip(also = ''): void {
    for (;;) {
      const char = this.#peek()
      if (char === '#') this.#at = `${this.#text}\n`.indexOf('\n', this.#at)
      else if (char !== undefined && (/\s/.test(char) || also.includes(char))) this.#at += 1
      else return
    }
  }

  /** 09-pkg.jsonl, line 25: the line is the one the key began in, the column counts from 0. */
  #refuse(): never {
    const before = this.#text.slice(0, this.#at)
    const line = before.split('\n').length
    const column = before.length - (before.lastIndexOf('\n') + 1)
    const code = (this.#text.charCodeAt(this.#at) || 0).toString(16).padStart(2, '0')
    throw new UclError(
      `error while parsing <unknown>: line: ${line}, column: ${column} - 'invalid character in a key', character: '0x${code}'`,
    )
  }
}

function plain(word: string): Ucl {
  if (/^(true|yes|on)$/i.test(word)) return true
  if (/^(false|no|off)$/i.test(word)) return false
  return /^-?\d+$/.test(word) ? Number(word) : word
}

// What is read is asked for by kind: nothing else is understood.
export const textOf = (value: Ucl | undefined): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
export const objectOf = (value: Ucl | undefined): { [key: string]: Ucl } =>
  typeof value === 'object' && !Array.isArray(value) ? value : {}
export const listOf = (value: Ucl | undefined): Ucl[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value]
export const isOn = (value: Ucl | undefined): boolean => value === true || value === 1
