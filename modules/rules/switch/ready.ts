/** What must hold before any instance of a task is touched: the instances are there, and the blueprint is one to run on. */
import { Refused } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import type { Listing } from '../../freebsd/mtree.ts'
import { kernelVersionOf, parseRelease } from '../../freebsd/release.ts'
import { type Kernel, readKernel } from '../../freebsd/uname.ts'
import { digestOf, parseListing } from '../blueprint/manifest.ts'
import { blueprintPath, LISTING, type Site, snapshotOfRevision } from '../layout.ts'
import { describeVersion, type Version } from './journal.ts'
import { baseOf, goesOn, needsWork, type Stand, type Standing, targetOf } from './standing.ts'

/** The file lists of blueprints' revisions, by `NAME@REVISION`. */
export type Listings = ReadonlyMap<string, { readonly digest: string; readonly listing: Listing }>

export interface Readiness {
  readonly kernel: Kernel | undefined
  readonly listings: Listings
}

/** As a blueprint was at that revision. */
export const revisionPath = (site: Site, { blueprint, revision }: Version) =>
  `${blueprintPath(site, blueprint)}/.zfs/snapshot/${snapshotOfRevision(revision)}`

/** Read only where something is to be switched. */
export async function lookAtReadiness(stand: Stand, machine: Probe): Promise<Readiness> {
  const going = [...toBeSwitched(stand), ...stand.standings.filter(one => goesOn(one, stand))]
  const versions = going.flatMap(one => [targetOf(one, stand), ...one.parts.map(part => baseOf(part, one))])
  const listings = new Map<string, { digest: string; listing: Listing }>()
  for (const [key, version] of new Map(versions.map(one => [describeVersion(one), one]))) {
    const text = await machine.read(`${revisionPath(stand.site, version)}/${LISTING}`)
    if (text !== undefined) listings.set(key, { digest: digestOf(text), listing: parseListing(text) })
  }
  return { kernel: going.length === 0 ? undefined : await readKernel(machine), listings }
}

export const toBeSwitched = (stand: Stand): Standing[] =>
  stand.standings.filter(
    one =>
      one.request.state === 'switched' &&
      one.journal === undefined &&
      one.unreadable === undefined &&
      needsWork(one, stand) &&
      one.layout,
  )

/** What an earlier task would have made. Throws what is wrong, all of it. */
export function checkReadiness(stand: Stand, readiness: Readiness): string[] {
  const unmet = stand.standings.flatMap(({ request: { id, places }, fstab, unreadable }) =>
    fstab === undefined && unreadable === undefined
      ? [`${id}: there is no such instance here: ${places.fstab} is not there. instance_mounts writes it.`]
      : [],
  )
  const problems = stand.standings.flatMap(({ request: { id, places }, problem }) =>
    problem === undefined
      ? []
      : [
          `${id}: what it runs on is not known: ${places.fstab} was changed by hand, and ${problem}. Put it right with instance_mounts.`,
        ],
  )
  const versions = toBeSwitched(stand).map(one => targetOf(one, stand))
  for (const version of new Map(versions.map(one => [describeVersion(one), one])).values()) {
    if (isThere(version, stand)) problems.push(...problemsOf(version, stand, readiness))
    else unmet.push(absenceOf(version, stand))
  }
  if (problems.length > 0) throw new Refused(problems.join(' '))
  return unmet
}

/** Why no instance can run on that, in sentences. */
export const obstaclesTo = (version: Version, stand: Stand, readiness: Readiness): string[] =>
  isThere(version, stand) ? problemsOf(version, stand, readiness) : [absenceOf(version, stand)]

const isThere = ({ blueprint }: Version, { blueprints }: Stand) => blueprints.get(blueprint)?.exists === true

const absenceOf = ({ blueprint }: Version, { site }: Stand) =>
  `The blueprint ${blueprint} is not there (${blueprintPath(site, blueprint)}). Build it with blueprint_jail.`

function problemsOf(version: Version, stand: Stand, readiness: Readiness): string[] {
  const { blueprint: name, revision } = version
  const blueprint = stand.blueprints.get(name)
  const { manifest, stage, problem } = blueprint ?? {}
  if (problem !== undefined) return [problem]
  if (stage !== 'complete' || manifest === undefined)
    return [
      `The blueprint ${name} is not complete${stage === undefined ? '' : ` (${stage})`}. Run blueprint_jail for it again.`,
    ]
  if (revision !== blueprint?.revision)
    return [
      `The blueprint ${name} is at revision ${blueprint?.revision}, and ${revision} was asked for. Give that revision, or none.`,
    ]
  const found = readiness.listings.get(describeVersion(version))
  if (found === undefined)
    return [
      `The blueprint ${name} has no list of its files at revision ${revision} (${revisionPath(stand.site, version)}/${LISTING}), and without it nothing can be merged. Build it anew under another name.`,
    ]
  if (found.digest !== manifest.digest)
    return [
      `The blueprint ${name} is corrupt: the list of its files does not have the digest that its manifest tells. See what is wrong with blueprint_jail and \`verify: true\`, and build it anew under another name.`,
    ]
  const release = parseRelease(manifest.release)
  const kernel = readiness.kernel
  if (kernel !== undefined && release !== undefined && kernelVersionOf(release) > kernel.version)
    return [
      `The blueprint ${name} has ${manifest.release}, which is newer than this host's kernel (${kernel.version}), and programs of a newer release may not run on it. Update the host first.`,
    ]
  return []
}
