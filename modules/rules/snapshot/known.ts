/**
 * Listing snapshots takes long where there are many, above all of datasets that are not mounted (openzfs PR 18850: 500 a
 * second). So a run keeps the names that it has listed, and they are right for as long as the dataset is the same one, says
 * that no snapshot came or went (`snapshots_changed` of zfsprops(7)), and was not promoted, which moves snapshots.
 */
import { FORMAT } from '../layout.ts'

/** Gone with a reboot. */
export const KNOWN_FILE = '/var/run/bluejail-autosnap.known'

/** By dataset: what it said of itself when its snapshots were listed, and their names from the oldest to the newest. */
export type Known = ReadonlyMap<string, { readonly stamp: string; readonly names: readonly string[] }>

/** A change within the second in which it was read may not show. */
const RIPE_SECONDS = 2

/** A pool without the feature extensible_dataset forgets when snapshots changed: that tells nothing, and is listed each time. */
export const isRipe = (changed: number | undefined, clock: number) =>
  changed !== undefined && changed <= clock - RIPE_SECONDS

interface File {
  readonly format: number
  /** Most datasets have snapshots of the same names. */
  readonly names: readonly string[]
  readonly datasets: readonly (readonly [dataset: string, stamp: string, names: readonly number[]])[]
}

export function knownFile(known: Known): string {
  const numbers = new Map<string, number>()
  const numberOf = (name: string) => {
    const number = numbers.get(name) ?? numbers.size
    numbers.set(name, number)
    return number
  }
  const datasets = [...known].map(([dataset, { stamp, names }]) => [dataset, stamp, names.map(numberOf)] as const)
  const file: File = { format: FORMAT, names: [...numbers.keys()], datasets }
  return `${JSON.stringify(file)}\n`
}

export function readKnown(text: string | undefined): Known {
  if (text === undefined) return new Map()
  try {
    const file = JSON.parse(text) as File
    if (file.format !== FORMAT) return new Map()
    const nameOf = (number: number) => {
      const name = file.names[number]
      if (typeof name !== 'string') throw new TypeError(`no name ${number}`)
      return name
    }
    return new Map(file.datasets.map(([dataset, stamp, names]) => [dataset, { stamp, names: names.map(nameOf) }]))
  } catch {
    // Cut off, or somebody else's: everything is listed, and it is written anew.
    return new Map()
  }
}
