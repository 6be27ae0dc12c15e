/** What comes with another blueprint beside files: packages, another release, and start scripts that go. */
import { basename } from 'node:path/posix'
import type { Probe } from '../../core/host.ts'
import { comparePackages, type RcTexts, serviceOf, vanishedScripts, vanishingScripts } from '../blueprint/difference.ts'
import { describeVersion, type Packages } from './journal.ts'
import type { Trip } from './look.ts'
import { revisionPath } from './ready.ts'
import type { OwnFiles, ReadOwn } from './tree.ts'

export const packagesBetween = ({ packages }: Trip): Packages | undefined =>
  packages.new && comparePackages(packages.old, packages.new)

/** Start scripts that the new blueprint has no more, by their paths, with what is in them. */
export type Going = ReadonlyMap<string, string>

export async function readGoing(trip: Trip, machine: Probe): Promise<Going> {
  const { from, request } = trip.standing
  const sides = listingsOf(trip)
  if (sides === undefined || from === undefined) return new Map()
  const going = new Map<string, string>()
  for (const path of vanishedScripts(...sides))
    going.set(path, (await machine.read(`${revisionPath(request.site, from)}/${path}`)) ?? '')
  return going
}

const RC_FILES = ['etc/rc.conf', 'etc/rc.conf.local']
/** Of one service: a file, or a directory of files (load_rc_config in libexec/rc/rc.subr). */
const RC_FOLDERS = ['etc/rc.conf.d', 'usr/local/etc/rc.conf.d']

const ownPlaces = (service: string) => RC_FOLDERS.map(folder => `${folder}/${service}`)
const servicesOf = (going: Going) => [...going].map(([path, text]) => serviceOf(basename(path), text))

/** Where the instance says whether it starts them; of the second ones also what is in them. */
export function placesOfRc(going: Going): { readonly files: readonly string[]; readonly folders: readonly string[] } {
  return going.size === 0
    ? { files: [], folders: [] }
    : { files: RC_FILES, folders: servicesOf(going).flatMap(ownPlaces) }
}

/** Names of those that it starts. Its texts are read as such, and nobody evaluates them (fact host-1). */
export async function vanishingIn(trip: Trip, going: Going, { side }: OwnFiles, read: ReadOwn): Promise<string[]> {
  const sides = listingsOf(trip)
  if (sides === undefined || going.size === 0) return []
  const textsAt = async (paths: readonly string[]) => {
    const files = paths.flatMap(path => {
      const { kind, names = [] } = side.get(path) ?? {}
      return kind === 'directory' ? [...names].sort().map(name => `${path}/${name}`) : [path]
    })
    const texts: string[] = []
    for (const file of files) texts.push((await read(file))?.toString() ?? '')
    return texts
  }
  const own = new Map<string, string[]>()
  for (const service of servicesOf(going)) own.set(service, await textsAt(ownPlaces(service)))
  const rc: RcTexts = { all: await textsAt(RC_FILES), own }
  return vanishingScripts(...sides, going, rc).map(({ name }) => name)
}

function listingsOf({ standing, target, listings }: Trip) {
  if (target === undefined || standing.from === undefined) return undefined
  const [older, newer] = [standing.from, target].map(version => listings.get(describeVersion(version))?.listing)
  return older === undefined || newer === undefined ? undefined : ([older, newer] as const)
}
