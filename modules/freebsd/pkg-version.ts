/**
 * Which of two versions of a package is the later one, as pkg(8) decides: `version_revision,epoch`; the epoch counts most,
 * the revision least (pkg, libpkg/pkg_version.c; fact pkg-5).
 */

/** A number, a letter and a number: `10b2`. */
interface Component {
  readonly number: number
  readonly letter: number
  readonly level: number
}

/** What is missing counts as 0: `10` is `10.0`. */
const MISSING: Component = { number: 0, letter: 0, level: 0 }
/** `a` comes before `0`, and `*` before all. */
const WITHOUT_NUMBER = -1
const ANY = -2
const WITHOUT_LEVEL = -1

/** Words that begin a component of their own, which makes them earlier than what has none: `1.0rc1` is `1.0.rc1`. */
const STAGES: Readonly<Record<string, number>> = { pl: 0, snap: 19, alpha: 1, beta: 2, pre: 16, rc: 18 }

export function compareVersions(one: string, other: string): -1 | 0 | 1 {
  const [a, b] = [splitVersion(one), splitVersion(other)]
  return order(a.epoch, b.epoch) || compareBlocks(a.version, b.version) || order(a.revision, b.revision)
}

/** The number a version begins with; its epoch is none of it. */
export function majorOf(version: string): string {
  return /^\d+/.exec(version)?.[0].replace(/^0+(?=\d)/, '') ?? ''
}

const order = (a: number, b: number): -1 | 0 | 1 => (a < b ? -1 : a > b ? 1 : 0)

function splitVersion(given: string): { version: string; revision: number; epoch: number } {
  // It might be a package's full name.
  const text = given.slice(given.lastIndexOf('-') + 1)
  const underscore = text.lastIndexOf('_')
  const comma = text.indexOf(',', underscore + 1) < 0 ? -1 : text.lastIndexOf(',')
  const numberAt = (at: number) => (at < 0 ? 0 : Number(/^\d*/.exec(text.slice(at + 1))?.[0] ?? 0))
  const end = [underscore, comma].filter(at => at >= 0)[0] ?? text.length
  return { version: text.slice(0, end), revision: numberAt(underscore), epoch: numberAt(comma) }
}

/** A `+` ends a block, and the blocks are compared one after the other, each with as many components as it has. */
function compareBlocks(one: string, other: string): -1 | 0 | 1 {
  const [a, b] = [one.split('+').map(componentsOf), other.split('+').map(componentsOf)]
  for (let block = 0; block < Math.max(a.length, b.length); block++) {
    const [mine, theirs] = [a[block] ?? [], b[block] ?? []]
    for (let at = 0; at < Math.max(mine.length, theirs.length); at++) {
      const [first, second] = [mine[at] ?? MISSING, theirs[at] ?? MISSING]
      const found =
        order(first.number, second.number) || order(first.letter, second.letter) || order(first.level, second.level)
      if (found !== 0) return found
    }
  }
  return 0
}

function componentsOf(block: string): Component[] {
  const components: Component[] = []
  let rest = block
  while (rest !== '') {
    const { component, length } = readComponent(rest)
    components.push(component)
    rest = rest.slice(length).replace(/^[^0-9A-Za-z*]+/, '')
  }
  return components
}

function readComponent(text: string): { component: Component; length: number } {
  if (text.startsWith('*')) return { component: { ...MISSING, number: ANY }, length: text.length }
  const [digits = ''] = /^\d+/.exec(text) ?? []
  const [letters = ''] = /^[A-Za-z]+/.exec(text.slice(digits.length)) ?? []
  const number = digits === '' ? WITHOUT_NUMBER : Number(digits)
  const stage = letters.length > 1 ? STAGES[letters.toLowerCase()] : undefined
  if (letters === '' || (stage !== undefined && digits !== ''))
    return { component: { ...MISSING, number }, length: Math.max(digits.length, 1) }
  const [level = ''] = /^\d+/.exec(text.slice(digits.length + letters.length)) ?? []
  const letter = stage ?? letters.toLowerCase().charCodeAt(0) - 96
  return {
    component: { number, letter, level: level === '' ? WITHOUT_LEVEL : Number(level) },
    length: digits.length + letters.length + level.length,
  }
}
