/** rcorder(8): in which order scripts come that say what they PROVIDE, REQUIRE and are BEFORE. */

export interface Ordered {
  readonly provides: readonly string[]
  readonly requires: readonly string[]
  readonly before: readonly string[]
  readonly keywords: readonly string[]
}

/** The one block of such lines that a script has: parsing ends with the first line that is none. */
export function readOrder(text: string): Ordered {
  const found = { provides: [] as string[], requires: [] as string[], before: [] as string[], keywords: [] as string[] }
  let isInside = false
  for (const line of text.split('\n')) {
    const match = /^# (PROVIDE|REQUIRE|BEFORE|KEYWORD)S?:(.*)$/.exec(line)
    if (match === null && isInside) break
    if (match === null) continue
    isInside = true
    const list = { PROVIDE: found.provides, REQUIRE: found.requires, BEFORE: found.before, KEYWORD: found.keywords }
    list[match[1] as keyof typeof list].push(...(match[2] ?? '').split(/\s+/).filter(word => word !== ''))
  }
  return found
}

/**
 * Each behind what it requires and what is before it; otherwise as they were given, which is as good as any order. What
 * nobody provides is passed over, and so is a circle, as rc(8) has it.
 */
export function inOrder<Script extends Ordered>(scripts: readonly Script[]): Script[] {
  const ordered = new Set<Script>()
  const begun = new Set<Script>()
  const place = (one: Script) => {
    if (begun.has(one)) return
    begun.add(one)
    for (const other of scripts)
      if (shares(other.provides, one.requires) || shares(other.before, one.provides)) place(other)
    ordered.add(one)
  }
  for (const one of scripts) place(one)
  return [...ordered]
}

const shares = (some: readonly string[], others: readonly string[]) => some.some(word => others.includes(word))
