/** A task names one thing, or a list of them: what all modules with such a list have alike. */
import { InvalidOptions } from '../core/errors.ts'

type Named<Key extends string> = Readonly<Record<Key, string>>

/**
 * What a task names, each with what is said of it alone. `thing` is the word for one of them, and with an `s` that of the
 * option with the list; `key` is the option with one's name.
 */
export function oneOrList<Key extends string, Own extends Named<Key>>(
  thing: string,
  key: Key,
  one: string | undefined,
  list: readonly Own[] | undefined,
): readonly (Named<Key> & Partial<Own>)[] {
  if ((one === undefined) === (list === undefined))
    throw new InvalidOptions(`give either \`${key}\`, for one ${thing}, or \`${thing}s\`, for a list of them`)
  return list ?? [{ [key]: one } as Named<Key> & Partial<Own>]
}

/** What is wrong with a list in which something stands twice. */
export function repeatedIn(names: readonly string[]): string[] {
  const repeated = names.filter((each, index) => names.indexOf(each) !== index)
  return [...new Set(repeated)].map(each => `${each} is listed twice`)
}

export function refuseRepeated(names: readonly string[]): void {
  const problems = repeatedIn(names)
  if (problems.length > 0) throw new InvalidOptions(problems.join('; '))
}

/** What is said of one thing counts more than what is said of all, and `undefined` says nothing. */
export const withoutUndefined = <T extends object>(given: T): T =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T
