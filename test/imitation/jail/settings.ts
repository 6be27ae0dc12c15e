/** What is set for one jail: by its own block, by those with wildcards, by variables (usr.sbin/jail/config.c). */
import { type Block, type Piece, parseConf, type Setting } from './conf.ts'
import { sameParameter } from './parameters.ts'

export interface Set {
  name: string
  values: string[]
}

/** The settings of a jail, in order. */
export class Settings {
  readonly all: Set[] = []

  find(name: string): Set | undefined {
    return this.all.find(each => sameParameter(each.name, name))
  }

  add(name: string, values: readonly string[], appends: boolean): void {
    const found = this.find(name)
    if (found === undefined) {
      this.all.push({ name, values: [...values] })
      return
    }
    found.name = name
    found.values = appends && values.length > 0 ? [...found.values, ...values] : [...values]
  }

  values(name: string): readonly string[] {
    return this.find(name)?.values ?? []
  }

  /** The last of several counts. */
  text(name: string): string | undefined {
    return this.find(name)?.values.at(-1)
  }

  number(name: string): number | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : Number.parseInt(text, 10)
  }

  /** bool_param: set without a value it is true, with `no` in its name it is the opposite. */
  isTrue(name: string): boolean {
    const found = this.find(name)
    if (found === undefined) return false
    const value = found.values.at(-1)
    const given = value === undefined || /^true$/i.test(value) || Number.parseInt(value, 10) !== 0
    const holds = value !== undefined && /^false$/i.test(value) ? false : given
    return /(^|\.)no[^.]*$/.test(found.name) && !/(^|\.)no[^.]*$/.test(name) ? !holds : holds
  }
}

export interface Configured {
  readonly name: string
  readonly settings: Settings
  /** What is wrong with it: it cannot be started. */
  readonly problems: readonly string[]
}

export function readJails(text: string, file: string): Configured[] {
  const blocks = parseConf(text, file)
  return blocks.filter(({ name }) => !isWild(name)).map(block => configure(block, blocks))
}

function configure(own: Block, blocks: readonly Block[]): Configured {
  const problems: string[] = []
  // Wildcards and the jail itself, in the order they are in the file.
  const fitting = blocks.filter(each => each === own || (isWild(each.name) && matches(own.name, each.name)))
  const merged: Setting[] = [{ name: 'name', values: [[own.name]], appends: false, isVariable: false }]
  for (const setting of fitting.flatMap(({ settings }) => settings)) {
    const at = merged.findIndex(
      each => each.isVariable === setting.isVariable && sameParameter(each.name, setting.name),
    )
    const before = merged[at]
    if (before === undefined) merged.push(setting)
    else if (before.name === 'name') problems.push('cannot redefine parameter "name".')
    else merged[at] = setting.appends ? { ...setting, values: [...before.values, ...setting.values] } : setting
  }
  const settings = new Settings()
  for (const setting of merged) {
    if (setting.isVariable) continue
    const values = setting.values.flatMap(value => substitute(value, setting.name, merged, problems, [setting.name]))
    settings.add(setting.name, values, false)
  }
  return { name: own.name, settings, problems }
}

function substitute(
  pieces: readonly Piece[],
  name: string,
  all: readonly Setting[],
  problems: string[],
  path: readonly string[],
): string[] {
  const parts = pieces.map(piece => {
    if (typeof piece === 'string') return [piece]
    const found = all.find(each => each.name === piece.variable)
    if (found === undefined || found.values.length === 0) {
      problems.push(`${name}: variable "${piece.variable}" not found`)
      return ['']
    }
    if (path.includes(found.name)) {
      problems.push(`${found.name}: variable loop`)
      return ['']
    }
    return found.values.flatMap(value => substitute(value, found.name, all, problems, [...path, found.name]))
  })
  if (parts.length === 1) return parts[0] ?? []
  if (parts.some(part => part.length > 1)) problems.push(`${name}: array cannot be substituted inline`)
  return [parts.map(part => part[0] ?? '').join('')]
}

/** wild_jail_name, wild_jail_match */
export const isWild = (name: string) => name.split('.').includes('*')

export function matches(name: string, wild: string): boolean {
  const [own, pattern] = [name.split('.'), wild.split('.')]
  while (own.length > 1 && pattern.length > 1) {
    const [part, wanted] = [own.shift(), pattern.shift()]
    if (part !== wanted && wanted !== '*') return false
  }
  return pattern.join('.') === '*' || own.join('.') === pattern.join('.')
}
