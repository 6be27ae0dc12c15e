/** Datasets as they will be while a plan is made: what was read, with the planned changes put in. */
import type { Dataset, PropertyState } from '../../freebsd/zfs.ts'
import { parentOf, poolOf } from '../../freebsd/zfs-names.ts'
import type { DatasetType } from '../../freebsd/zfs-properties.ts'

export class World {
  readonly #datasets: Map<string, Dataset>
  readonly #formerNames = new Map<string, string>()
  readonly #altroots: ReadonlyMap<string, string>

  constructor(datasets: Iterable<Dataset>, altroots: ReadonlyMap<string, string>) {
    this.#datasets = new Map([...datasets].map(dataset => [dataset.name, dataset]))
    this.#altroots = altroots
  }

  find(name: string): Dataset | undefined {
    return this.#datasets.get(name)
  }

  add(name: string, type: DatasetType, settings: Iterable<readonly [property: string, value: string]>): void {
    const own = [...settings].map(([property, value]) => [property, { value, source: 'local' }] as const)
    this.#datasets.set(name, { name, type, properties: new Map(own) })
  }

  set(name: string, settings: Iterable<readonly [property: string, state: PropertyState]>): void {
    const dataset = this.#datasets.get(name)
    if (dataset === undefined) return
    this.#datasets.set(name, { ...dataset, properties: new Map([...dataset.properties, ...settings]) })
  }

  /** Takes the dataset and all below it to another name. */
  rename(from: string, to: string): void {
    for (const [name, dataset] of [...this.#datasets]) {
      if (name !== from && !name.startsWith(`${from}/`)) continue
      const renamed = to + name.slice(from.length)
      this.#datasets.delete(name)
      this.#datasets.set(renamed, { ...dataset, name: renamed })
      this.#formerNames.set(renamed, name)
    }
  }

  /** What a dataset was called before the renames that are planned so far. */
  formerName(name: string): string {
    return this.#formerNames.get(name) ?? name
  }

  remove(name: string): void {
    for (const known of [...this.#datasets.keys()])
      if (known === name || known.startsWith(`${name}/`)) this.#datasets.delete(known)
  }

  altroot(name: string): string {
    return this.#altroots.get(poolOf(name)) ?? ''
  }

  /** Where a filesystem's mountpoint property, its own or inherited, puts it: a path, `none` or `legacy`. */
  mountpoint(name: string): string {
    const own = this.find(name)?.properties.get('mountpoint')
    if (own !== undefined && !/^(inherited|default)/.test(own.source)) return own.value
    const parent = parentOf(name)
    if (parent === undefined) return `${this.altroot(name)}/${name}`
    const above = this.mountpoint(parent)
    return above.startsWith('/') ? `${above === '/' ? '' : above}${name.slice(parent.length)}` : above
  }

  /** Whether ZFS mounts it by itself, as far as its properties say. */
  mountsItself(name: string): boolean {
    const canmount = this.find(name)?.properties.get('canmount')?.value ?? 'on'
    return canmount === 'on' && this.mountpoint(name).startsWith('/')
  }
}
