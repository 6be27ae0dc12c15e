/**
 * Snapshots to be destroyed, as few commands: one `zfs destroy -r` where a name is to go everywhere below a dataset, else one
 * command for each dataset. A command holds at most so many snapshots, since a pool waits while it lasts (openzfs issue 3104:
 * 4,000 stopped one for ten minutes). One name of a dataset with hundreds of children cannot be divided but into a command,
 * and a transaction, for each of them: so it may go from more of them at once.
 */
import { parentOf } from '../../freebsd/zfs-names.ts'

export interface Batch {
  readonly dataset: string
  readonly recursive: boolean
  readonly names: readonly string[]
  /** Full names of all that it destroys. */
  readonly snapshots: readonly string[]
}

export type NamesByDataset = ReadonlyMap<string, ReadonlySet<string>>

interface Node {
  readonly dataset: string
  readonly children: Node[]
}

/** How many snapshots a command may destroy, and how many where it is that or a command for almost each. */
export interface Caps {
  readonly usual: number
  readonly wide: number
}

/** Fewer than this in a command is almost one for each. */
const FEW = 4

/** Those of these datasets that have none of `strangers` below them, whose snapshots nobody has judged. */
export function withoutAbove(datasets: readonly string[], strangers: readonly string[]): Set<string> {
  const left = new Set(datasets)
  for (const stranger of strangers)
    for (let above: string | undefined = stranger; above !== undefined; above = parentOf(above)) left.delete(above)
  return left
}

/**
 * `existing` has every snapshot of every dataset at and below `roots`, also those that stay. A command works below a dataset
 * only where that is one of `roots`: what is received elsewhere meanwhile, and happens to have such a name, is not touched.
 */
export function destroyBatches(
  doomed: NamesByDataset,
  existing: NamesByDataset,
  roots: ReadonlySet<string>,
  { usual, wide }: Caps,
): Batch[] {
  const batches: Batch[] = []
  const left = new Map([...doomed].map(([dataset, names]) => [dataset, new Set(names)]))

  const visit = (node: Node): void => {
    const below = allOf(node)
    if (node.children.length > 0 && roots.has(node.dataset)) {
      const names = uniform(below.map(({ dataset }) => dataset))
      for (const some of fitting(node, names)) {
        const snapshots = below.flatMap(({ dataset }) =>
          some.filter(name => left.get(dataset)?.delete(name)).map(name => `${dataset}@${name}`),
        )
        batches.push({ dataset: node.dataset, recursive: true, names: some, snapshots })
      }
    }
    for (const child of node.children) visit(child)
    const rest = [...(left.get(node.dataset) ?? [])]
    for (let at = 0; at < rest.length; at += usual) {
      const names = rest.slice(at, at + usual)
      batches.push({
        dataset: node.dataset,
        recursive: false,
        names,
        snapshots: names.map(name => `${node.dataset}@${name}`),
      })
    }
  }
  for (const node of forestOf([...new Set([...doomed.keys(), ...existing.keys(), ...roots])])) visit(node)
  return batches

  /** Names that go from at least two of these datasets, and stay in none; and from how many. */
  function uniform(datasets: readonly string[]): (readonly [name: string, count: number])[] {
    const counts = new Map<string, number>()
    for (const dataset of datasets)
      for (const name of left.get(dataset) ?? []) counts.set(name, (counts.get(name) ?? 0) + 1)
    return [...counts].filter(
      ([name, count]) =>
        count > 1 && datasets.every(dataset => left.get(dataset)?.has(name) || !existing.get(dataset)?.has(name)),
    )
  }

  /** As many names to a command as the cap allows; a name that is too much by itself is left to the datasets below. */
  function fitting(node: Node, names: readonly (readonly [name: string, count: number])[]): string[][] {
    const chosen: string[][] = []
    let room = 0
    for (const [name, count] of names) {
      if (count > usual) {
        if (count <= wide && count < FEW * commandsBelow(node, name)) chosen.unshift([name])
        continue
      }
      if (count > room) {
        chosen.push([])
        room = usual
      }
      chosen.at(-1)?.push(name)
      room -= count
    }
    return chosen
  }

  function commandsBelow(node: Node, name: string): number {
    return node.children.filter(child => allOf(child).some(({ dataset }) => left.get(dataset)?.has(name))).length
  }
}

/** As trees of the datasets that are known; one whose parent is not known begins a tree. */
function forestOf(datasets: readonly string[]): Node[] {
  const nodes = new Map(datasets.map(dataset => [dataset, { dataset, children: [] as Node[] }]))
  const roots: Node[] = []
  for (const node of nodes.values()) {
    let above = parentOf(node.dataset)
    while (above !== undefined && !nodes.has(above)) above = parentOf(above)
    const parent = above === undefined ? undefined : nodes.get(above)
    if (parent === undefined) roots.push(node)
    else parent.children.push(node)
  }
  return roots
}

const allOf = (node: Node): Node[] => [node, ...node.children.flatMap(allOf)]
