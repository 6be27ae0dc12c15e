/** tar(1)'s command line: flags and operands mixed, the first word with or without a dash. */
import { Unknown } from '../screen.ts'

export interface Options {
  readonly mode: 'c' | 't' | 'x'
  readonly flags: ReadonlySet<string>
  readonly file: string
  readonly excluded: readonly string[]
  /** What to archive or extract; each with the directories it was to go into before it (-C, in order). */
  readonly operands: readonly { readonly name: string; readonly directories: readonly string[] }[]
  /** All of -C, in order. */
  readonly directories: readonly string[]
}

const LONG: Readonly<Record<string, string>> = {
  '--create': 'c',
  '--extract': 'x',
  '--list': 't',
  '--file': 'f',
  '--directory': 'C',
  '--preserve-permissions': 'p',
  '--verbose': 'v',
  '--gzip': 'z',
  '--xz': 'J',
  '--exclude': 'E',
  '--clear-nochange-fflags': 'F',
  '--numeric-owner': 'N',
  '--no-recursion': 'n',
  '--one-file-system': 'l',
  '--acls': 'a',
  '--fflags': 'a',
  '--xattrs': 'a',
  '--unlink-first': 'U',
  '--absolute-paths': 'P',
  '--keep-old-files': 'k',
}
const KNOWN = 'cxtpvzJnlaUPkmjh'
const WITH_VALUE = 'fCE'

export function readOptions(args: readonly string[]): Options {
  const flags = new Set<string>()
  const operands: Options['operands'][number][] = []
  const excluded: string[] = []
  const directories: string[] = []
  let file = '/dev/sa0'
  const rest = args[0] !== undefined && !args[0].startsWith('-') ? [`-${args[0]}`, ...args.slice(1)] : [...args]

  const take = (letter: string, value: string) => {
    if (letter === 'f') file = value
    else if (letter === 'C') directories.push(value)
    else excluded.push(value)
  }
  while (rest.length > 0) {
    const word = rest.shift() as string
    if (word.startsWith('--')) {
      const [name = '', value] = word.split(/=(.*)/s)
      const letter = LONG[name] ?? unknown(name)
      if (WITH_VALUE.includes(letter)) take(letter, value ?? rest.shift() ?? unknown(`${name} without a value`))
      else flags.add(letter)
    } else if (word.startsWith('-') && word !== '-') {
      for (let letters = word.slice(1); letters !== ''; letters = letters.slice(1)) {
        const letter = letters[0] as string
        if (WITH_VALUE.includes(letter) && letter !== 'E') {
          take(letter, letters.slice(1) || (rest.shift() ?? unknown(`-${letter} without a value`)))
          break
        }
        flags.add(KNOWN.includes(letter) ? letter : unknown(`-${letter}`))
      }
    } else operands.push({ name: word, directories: [...directories] })
  }
  const mode = (['c', 't', 'x'] as const).find(each => flags.has(each)) ?? unknown('mode: none of -c, -t, -x')
  return { mode, flags, file, excluded, operands, directories }
}

function unknown(flag: string): never {
  throw new Unknown(`flag ${flag}`)
}

/**
 * A shell pattern against a whole path, or from any slash on unless it begins with `^` (archive_pathmatch.c). What is below
 * a match matches too. A `/` before the end of a pattern is met by the path's end, so that `a/*` matches `a` itself.
 */
export function matches(pattern: string, path: string): boolean {
  const isAnchored = pattern.startsWith('^')
  const trimmed = (text: string) => text.replace(/^(\.\/+|\/+)+/, '')
  const words = trimmed(isAnchored ? pattern.slice(1) : pattern).match(/\\.|./gsu) ?? []
  const expression = words
    .map(word => {
      if (word === '*') return '.*'
      if (word === '?') return '.'
      if (word === '/') return '(?:/+|$)'
      return (word.length > 1 ? word.slice(1) : word).replace(/[.+^${}()|[\]\\]/g, '\\$&')
    })
    .join('')
  return new RegExp(`${isAnchored ? '^' : '(^|/)'}${expression}(/|$)`).test(trimmed(path))
}
