/**
 * Texts of rules, so marked that what is in force tells which of them it is: pfctl(8) prints rules in its own words, and
 * names of anchors as they were given. The anchor that bears the mark is always empty.
 */
import { createHash } from 'node:crypto'
import { Refused } from '../../core/errors.ts'
import { FORMAT } from '../layout.ts'

const headerBy = (module: string) =>
  `# bluejail, format ${FORMAT}. Written by ${module}: what is changed here by hand is lost.\n`

/** `rules` as a file. */
export function asFile(rules: string, module: string): string {
  const digest = createHash('sha256').update(rules).digest('hex').slice(0, 12)
  return `${headerBy(module)}${rules}anchor "revision-${digest}"\n`
}

/** The rules of a file, a line each, without the mark. */
export const rulesIn = (text: string | undefined): string[] =>
  (text ?? '').split('\n').filter(line => line !== '' && !/^(#|anchor "revision-)/.test(line))

export function refuseLaterFormat(text: string | undefined, path: string): void {
  const format = Number(/^# bluejail, format (\d+)\./.exec(text ?? '')?.[1] ?? FORMAT)
  if (format > FORMAT)
    throw new Refused(
      `${path} is of format ${format}, written by a later release of bluejail than this one, which knows ${FORMAT}. Use that release.`,
    )
}

/** Of an anchor's rules as pfctl(8) prints them, whether they are those of the file `text`. */
export function areOf(text: string, shown: readonly string[]): boolean {
  const revision = /^anchor "(revision-\w+)"$/m.exec(text)?.[1]
  return revision !== undefined && shown.some(rule => rule.includes(`"${revision}"`))
}
