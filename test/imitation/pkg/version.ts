/** How pkg(8) orders versions: libpkg/pkg_version.c, pkg_version_cmp. `version_revision,epoch`. */

interface Component {
  readonly number: number
  readonly stage: number
  readonly patch: number
}

/** Words that stand for something earlier than what they follow, as the letter they are counted as. */
const STAGES: Readonly<Record<string, number>> = { pl: 0, snap: 19, alpha: 1, beta: 2, pre: 16, rc: 18 }
const NONE: Component = { number: 0, stage: 0, patch: 0 }

export function compareVersions(a: string, b: string): -1 | 0 | 1 {
  const [left, right] = [split(a), split(b)]
  if (left.epoch !== right.epoch) return left.epoch < right.epoch ? -1 : 1
  const [first, second] = [components(left.version), components(right.version)]
  for (let at = 0; at < Math.max(first.length, second.length); at++) {
    const [one, other] = [first[at] ?? NONE, second[at] ?? NONE]
    for (const key of ['number', 'stage', 'patch'] as const) {
      if (one[key] !== other[key]) return one[key] < other[key] ? -1 : 1
    }
  }
  if (left.revision === right.revision) return 0
  return left.revision < right.revision ? -1 : 1
}

function split(text: string): { version: string; revision: number; epoch: number } {
  const [, version = '', revision, epoch] = /^(.*?)(?:_(\d+))?(?:,(\d+))?$/.exec(text) ?? []
  return { version, revision: Number(revision ?? 0), epoch: Number(epoch ?? 0) }
}

function components(version: string): Component[] {
  const found: Component[] = []
  for (const part of version.split(/[^0-9A-Za-z]+/)) {
    for (const [, digits = '', letters = '', after = ''] of part.matchAll(/(\d*)([A-Za-z]*)(\d*)/g)) {
      if (digits === '' && letters === '') continue
      const patch = letters === '' ? 0 : after === '' ? -1 : Number(after)
      const stage = STAGES[letters.toLowerCase()] ?? letters.toLowerCase().charCodeAt(0) - 96
      // A word for an early stage is a component of its own, and below any number.
      const isWord = letters.length > 1 && letters.toLowerCase() in STAGES
      if (digits !== '' && isWord) found.push({ ...NONE, number: Number(digits) }, { number: -1, stage, patch })
      else found.push({ number: digits === '' ? -1 : Number(digits), stage: letters === '' ? 0 : stage, patch })
    }
  }
  return found
}
