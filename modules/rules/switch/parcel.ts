/** What comes with another blueprint beside files: packages, and start scripts that go. */
import { comparePackages, vanishingScripts } from '../blueprint/difference.ts'
import { describeVersion, type Packages } from './journal.ts'
import type { Trip } from './look.ts'

export const packagesBetween = ({ packages }: Trip): Packages | undefined =>
  packages.new && comparePackages(packages.old, packages.new)

/** Names of start scripts that its rc.conf enables and the new blueprint has no more. */
export function vanishingIn({ standing, target, listings }: Trip, rcConf: string | undefined): string[] {
  if (rcConf === undefined || target === undefined || standing.from === undefined) return []
  const [older, newer] = [standing.from, target].map(version => listings.get(describeVersion(version))?.listing)
  return older === undefined || newer === undefined
    ? []
    : vanishingScripts(older, newer, rcConf).map(({ name }) => name)
}
