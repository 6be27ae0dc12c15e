/**
 * Listing snapshots takes long where there are many, above all of datasets that are not mounted (openzfs PR 18850: 500 a
 * second), and of twelve runs in an hour eleven find nothing to do. So a run that found nothing writes down of what: as long
 * as no snapshot came or went (`snapshots_changed` of zfsprops(7)), the policies are the same and the next is not due, there
 * is nothing to do. That is all it can say: whoever has something to do looks at everything first.
 */
import { createHash } from 'node:crypto'
import { FORMAT } from '../layout.ts'
import type { Survey } from './look.ts'
import type { PolicyStatus } from './status.ts'

/** Gone with a reboot. */
export const CALM_FILE = '/var/run/bluejail-autosnap.calm'

export interface Calm {
  readonly fingerprint: string
  /** Between these, in seconds since 1970, nothing is due. */
  readonly from: number
  readonly until: number
  readonly blocked: Readonly<Record<string, string>>
  readonly policies: readonly (readonly [name: string, status: PolicyStatus])[]
}

/** A change within the second in which it was read may not show. */
const RIPE_SECONDS = 2
/** Holds come and go without a trace. */
const LONGEST_SECONDS = 86_400

/** What all depends on but the time; undefined where a dataset does not say when its snapshots changed, or did just now. */
export function fingerprintOf(survey: Survey, policies: string, clock: number): string | undefined {
  const rows: unknown[] = []
  for (const { name, policy } of survey.attached) {
    const changed = survey.changes.get(name)
    if (changed === undefined ? policy.take : changed > clock - RIPE_SECONDS) return undefined
    rows.push([name, policy.name, policy.keep, changed, policy.skipEmpty && survey.untouched.has(name)])
  }
  const others = [policies, [...survey.skipped], survey.problems]
  return createHash('sha256')
    .update(JSON.stringify([rows, others]))
    .digest('hex')
}

export const calmFile = (
  fingerprint: string,
  now: number,
  blocked: ReadonlyMap<string, string>,
  policies: ReadonlyMap<string, PolicyStatus>,
): string => {
  const due = [...policies.values()].flatMap(({ nextDue }) => nextDue ?? [])
  const calm: Calm = {
    fingerprint,
    from: now,
    until: Math.min(now + LONGEST_SECONDS, ...due),
    blocked: Object.fromEntries(blocked),
    policies: [...policies],
  }
  return `${JSON.stringify({ format: FORMAT, ...calm })}\n`
}

/** What a run before this one found, where it still holds. */
export function readCalm(text: string | undefined, fingerprint: string | undefined, now: number): Calm | undefined {
  if (text === undefined || fingerprint === undefined) return undefined
  try {
    const calm = JSON.parse(text) as Calm & { readonly format: number }
    const holds = calm.format === FORMAT && calm.fingerprint === fingerprint && calm.from <= now && now < calm.until
    return holds ? calm : undefined
  } catch {
    // Somebody else's, or cut off: everything is looked at, and it is written anew.
    return undefined
  }
}
