/** User properties that a copy does not get: what they say is of the source, or would have effects at the target. */

import { PROPERTY } from '../layout.ts'
import { COM_SUN } from '../snapshot/attach.ts'

export const OWN_AFFAIR: readonly string[] = [PROPERTY.replica, PROPERTY.autosnap, COM_SUN]

export const isUserProperty = (word: string) => /^[a-z0-9][a-z0-9._-]*:[a-z0-9:._-]+$/.test(word)

/** With the one by which datasets of this host say their policy of snapshots, as its policy file names it. */
export function affairsOf(policyFile: string | undefined): readonly string[] {
  const property = propertyIn(policyFile ?? '')
  return property === undefined || OWN_AFFAIR.includes(property) ? OWN_AFFAIR : [...OWN_AFFAIR, property]
}

/** What is wrong with the file, autosnap says. */
function propertyIn(policyFile: string): string | undefined {
  try {
    const { property } = Object(JSON.parse(policyFile)) as { property?: unknown }
    return typeof property === 'string' && isUserProperty(property) ? property : undefined
  } catch {
    return undefined
  }
}
