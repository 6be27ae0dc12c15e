/**
 * Settings in files that are read one after the other. A name says the same wherever it stands, so that the order in which
 * files are read does not matter: the loader's folder has none. What is not asked for stays as it is, byte for byte.
 */
import type { PathStatus } from '../../core/host.ts'
import type { WriteStep } from '../../core/step.ts'
import type { Statement, Syntax } from '../../freebsd/settings-syntax.ts'

/** What a name shall be: this value, not set at all, or a list of words with these and without those. */
export type Wish = string | null | { readonly add: readonly string[]; readonly remove: readonly string[] }

export interface ConfFile {
  readonly path: string
  /** Undefined where there is no such file. */
  readonly text: string | undefined
  readonly type?: PathStatus['type']
}

/** Files that are read together, as they are. */
export interface Shelf {
  readonly syntax: Syntax
  /** In the order they are read; a later one counts more. */
  readonly files: readonly ConfFile[]
  /** Where a name is put that stands in none of them: one of `files`. */
  readonly home: string
  /** What holds where no file says anything, for lists that words are added to. */
  readonly defaults?: ConfFile
}

export interface Settled {
  /** Of the names that are wished for: those that are set, with their values. */
  readonly before: Record<string, string>
  readonly after: Record<string, string>
  readonly steps: readonly WriteStep[]
  readonly problems: readonly string[]
}

interface OpenFile extends ConfFile {
  readonly statements: Statement[]
}

export function settle({ syntax, files, home, defaults }: Shelf, wishes: ReadonlyMap<string, Wish>): Settled {
  const open: OpenFile[] = files.map(file => ({ ...file, statements: syntax.parse(file.text ?? '') }))
  const fallback = defaults === undefined ? [] : syntax.parse(defaults.text ?? '')
  const problems: string[] = []
  const before: Record<string, string> = {}
  const after: Record<string, string> = {}

  for (const [name, wish] of wishes) {
    const strange = open.flatMap(file => strangeLines(file, name, syntax))
    problems.push(...strange)
    const current = open.flatMap(({ statements }) => valuesOf(statements, name)).at(-1)
    if (current !== undefined) before[name] = current
    if (isWords(wish) && current === undefined && isStrange(fallback, name)) {
      problems.push(`${name} cannot be added to: its default in ${defaults?.path} is not a plain value. Give it whole.`)
      continue
    }
    const value = isWords(wish) ? withWords(current ?? valuesOf(fallback, name).at(-1), wish) : wish
    const objection = value === null ? undefined : syntax.objection(name, value)
    if (objection !== undefined) problems.push(`${name} cannot be put into ${home}: ${objection}.`)
    if (value !== null) after[name] = value
    if (strange.length > 0 || objection !== undefined) continue
    // Words that are taken from a list which nobody has set need no line of their own.
    if (isWords(wish) && current === undefined && value === (valuesOf(fallback, name).at(-1) ?? '')) delete after[name]
    else setEverywhere(open, name, value, { syntax, home })
  }
  const written = open.filter(({ text, statements }) => textOf(statements) !== (text ?? ''))
  return {
    before,
    after,
    steps: written.map(({ path, statements }) => ({ kind: 'write', path, content: textOf(statements) })),
    problems: [...problems, ...written.flatMap(obstacles)],
  }
}

function setEverywhere(
  files: readonly OpenFile[],
  name: string,
  value: string | null,
  { syntax, home }: Pick<Shelf, 'syntax' | 'home'>,
): void {
  let isSet = false
  for (const { statements } of files) {
    for (let at = statements.length - 1; at >= 0; at -= 1) {
      const statement = statements[at]
      if (statement?.kind !== 'setting' || statement.name !== name) continue
      if (value === null) statements.splice(at, 1)
      else if (statement.value !== value) statements[at] = settingOf(syntax, name, value, statement.tail)
      isSet = true
    }
  }
  const statements = files.find(({ path }) => path === home)?.statements
  if (isSet || value === null || statements === undefined) return
  const last = statements.at(-1)
  if (last !== undefined && !last.text.endsWith('\n')) statements.push({ kind: 'other', text: '\n' })
  statements.push(settingOf(syntax, name, value, ''))
}

const settingOf = (syntax: Syntax, name: string, value: string, tail: string): Statement => ({
  kind: 'setting',
  text: `${syntax.render(name, value)}${tail}\n`,
  name,
  value,
  tail,
})

const textOf = (statements: readonly Statement[]) => statements.map(({ text }) => text).join('')
const valuesOf = (statements: readonly Statement[], name: string) =>
  statements.flatMap(one => (one.kind === 'setting' && one.name === name ? [one.value] : []))
const isStrange = (statements: readonly Statement[], name: string) =>
  statements.some(one => one.kind === 'strange' && one.names.includes(name))

function strangeLines({ path, statements }: OpenFile, name: string, syntax: Syntax): string[] {
  return statements.flatMap(one =>
    one.kind === 'strange' && one.names.includes(name)
      ? [
          `${path} sets ${name} in a way that cannot be read without running it (${shown(one.text)}). Write it by hand as ${syntax.render(name, '…')}, on a line of its own.`,
        ]
      : [],
  )
}

/** Why a file that is to be written should not be. */
function obstacles({ path, text, type, statements }: OpenFile): string[] {
  if (type === 'link') return [`${path} is a symbolic link, which a new file would replace. Put a real file there.`]
  if (type === 'directory' || type === 'other') return [`${path} is not a file. Look at what it is, and move it away.`]
  if (text?.includes('\uFFFD'))
    return [`${path} is not text in UTF-8, and writing it would damage it. Convert it first.`]
  const broken = statements.find(({ kind }) => kind === 'broken')
  if (broken === undefined) return []
  return [
    `${path} has a quote that does not end, from ${shown(broken.text)} on: nothing can be set after it. Mend it by hand.`,
  ]
}

const shown = (text: string) => {
  const line = text.trim().split('\n', 1)[0] ?? ''
  return JSON.stringify(line.length <= 60 ? line : `${line.slice(0, 60)}…`)
}

const isWords = (wish: Wish): wish is Exclude<Wish, string | null> => typeof wish === 'object' && wish !== null

function withWords(value: string | undefined, { add, remove }: Exclude<Wish, string | null>): string {
  const words = (value ?? '').split(/\s+/).filter(word => word !== '')
  const isAsItShould = add.every(word => words.includes(word)) && !remove.some(word => words.includes(word))
  if (isAsItShould) return value ?? ''
  return [...words.filter(word => !remove.includes(word)), ...add.filter(word => !words.includes(word))].join(' ')
}
