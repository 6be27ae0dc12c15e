/** Formats of `pkg query` and `pkg rquery`: src/query.c. */
import { Unknown } from '../screen.ts'
import type { Installed, Package } from './package.ts'
import { compareVersions } from './version.ts'

type Asked = Omit<Package, 'files' | 'directories'> & Partial<Installed>

/** One line, or several for what a package has many of. */
export function format(pattern: string, asked: Asked, all: readonly Asked[]): string[] {
  const many = /%([drFDUG])/.exec(pattern)?.[1]
  if (many === undefined) return [fill(pattern, asked, {})]
  return rowsOf(many, asked, all).map(row => fill(pattern, asked, row))
}

/** What `%dn`, `%Fp` and the like stand for, a row each. */
function rowsOf(letter: string, asked: Asked, all: readonly Asked[]): Readonly<Record<string, string>>[] {
  const dependency = (prefix: string) => (each: { name: string; origin: string; version: string }) => ({
    [`${prefix}n`]: each.name,
    [`${prefix}o`]: each.origin,
    [`${prefix}v`]: each.version,
  })
  switch (letter) {
    case 'd':
      return asked.deps.map(dependency('d'))
    case 'r':
      return all.filter(other => other.deps.some(({ name }) => name === asked.name)).map(dependency('r'))
    case 'F':
      return Object.entries(asked.files ?? {}).map(([path, { sum }]) => ({ Fp: path, Fs: sum }))
    case 'D':
      return Object.keys(asked.directories ?? {}).map(path => ({ D: path }))
    case 'U':
      return Object.keys(asked.users).map(name => ({ U: name }))
    default:
      return Object.keys(asked.groups).map(name => ({ G: name }))
  }
}

function fill(pattern: string, asked: Asked, row: Readonly<Record<string, string>>): string {
  return pattern.replace(/%(s[bh]|[dr][nov]|F[ps]|[a-zA-Z%])|\\([ntabfr\\])/g, (_, what?: string, control?: string) => {
    if (control !== undefined) return { n: '\n', t: '\t', a: '\x07', b: '\b', f: '\f', r: '\r' }[control] ?? control
    if (what === '%') return '%'
    return row[what ?? ''] ?? attribute(what ?? '', asked)
  })
}

function attribute(what: string, asked: Asked): string {
  switch (what) {
    case 'n':
      return asked.name
    case 'v':
      return asked.version
    case 'o':
      return asked.origin
    case 'p':
      return asked.prefix
    case 'm':
      return asked.maintainer
    case 'c':
      return asked.comment
    case 'e':
      return asked.desc
    case 'w':
      return asked.www
    case 'q':
      return asked.abi
    case 'a':
      return asked.automatic ? '1' : '0'
    case 'k':
      return asked.locked ? '1' : '0'
    case 't':
      return String(asked.timestamp ?? 0)
    case 'R':
      return asked.repository ?? ''
    case 'M':
      return asked.message
    case 'sb':
      return String(asked.flatsize)
    case 'sh':
      return `${asked.flatsize}B`
  }
  throw new Unknown(`query format %${what}`)
}

/** `-e`: comparisons joined by `&&` and `||`, without brackets. */
export function holds(condition: string, asked: Asked): boolean {
  return condition.split('||').some(part => part.split('&&').every(each => compares(each.trim(), asked)))
}

function compares(comparison: string, asked: Asked): boolean {
  const [, what, operator, given = ''] = /^%(\w+)\s*(==?|!=|<=|>=|<|>|~)\s*(.*)$/.exec(comparison) ?? []
  if (what === undefined || operator === undefined) throw new Unknown(`condition ${comparison}`)
  const value = attribute(what === 's' ? 'sb' : what, asked)
  const wanted = given.replace(/^["'](.*)["']$/, '$1')
  if (operator === '~')
    return new RegExp(`^${wanted.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')}$`).test(value)
  const order =
    what === 'v'
      ? compareVersions(value, wanted)
      : /^\d+$/.test(wanted)
        ? Number(value) - Number(wanted)
        : value < wanted
          ? -1
          : Number(value > wanted)
  const isSo = {
    '=': order === 0,
    '==': order === 0,
    '!=': order !== 0,
    '<': order < 0,
    '<=': order <= 0,
    '>': order > 0,
    '>=': order >= 0,
  }
  return isSo[operator as keyof typeof isSo]
}
