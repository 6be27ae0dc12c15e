/** What is next for a whole tree and its copy. */
import { type Decision, decide, type Learned, type Wishes } from './decide.ts'
import { isSetAside } from './names.ts'
import { baseOf, type DatasetSeen, isAtOrBelow, pathAbove, type Side, snapshotsOf } from './side.ts'

export interface TreeWishes extends Wishes {
  /** Paths below the root that have no copy, with all below them; `*` stands for one component. */
  readonly exclude: readonly string[]
}

export interface TreeLearned extends Learned {
  /** Instances, by the name of their top dataset on the source, that are being switched to another blueprint. */
  readonly switching: ReadonlySet<string>
}

export interface Item {
  readonly path: string
  readonly source: DatasetSeen
  /** The copy's name, whether it is there or not. */
  readonly targetName: string
  readonly target: DatasetSeen | undefined
  readonly decision: Decision
}

export function planTree(
  source: Side,
  target: Side,
  targetRoot: string,
  wishes: TreeWishes,
  learned: TreeLearned,
): Item[] {
  const included = [...source.keys()].filter(path => !isExcluded(path, wishes.exclude) && !isSetAside(path)).sort()
  const needed = above(included.filter(path => snapshotsOf(source.get(path) as DatasetSeen).length > 0))
  const items: Item[] = []
  const decisions = new Map<string, Decision>()

  for (const [path, seen] of [...source].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!included.includes(path)) continue
    const copy = target.get(path)
    const decision = next(path, seen, copy)
    decisions.set(path, decision)
    items.push({ path, source: seen, targetName: `${targetRoot}${path}`, target: copy, decision })
  }
  return items

  function next(path: string, seen: DatasetSeen, copy: DatasetSeen | undefined): Decision {
    const switching = [...learned.switching].find(instance => isAtOrBelow(seen.name, instance))
    if (switching !== undefined)
      return { kind: 'skipped', why: `${switching} is being switched to another blueprint (it has a journal)` }
    const top = pathAbove(path)
    const before = top === undefined ? undefined : decisions.get(top)
    // What is renamed takes along all below it, which is then begun anew too.
    if (before?.kind === 'rotate' || (before?.kind === 'waits' && copy !== undefined))
      return { kind: 'waits', why: `the dataset above it is begun anew` }
    if (
      top !== undefined &&
      copy === undefined &&
      !isThere(target.get(top)) &&
      (seen.points.length > 0 || needed.has(path))
    )
      return { kind: 'waits', why: `the copy of the dataset above it is not there` }
    if (snapshotsOf(seen).length === 0 && needed.has(path) && seen.token === undefined)
      return copy === undefined ? { kind: 'placeholder' } : { kind: 'skipped', why: `${seen.name} has no snapshot` }
    return decide(path, seen, copy, wishes, learned)
  }
}

/** What is half received for the first time may have to be given up, and could not be with others below it. */
const isThere = (copy: DatasetSeen | undefined) =>
  copy !== undefined && (copy.token === undefined || snapshotsOf(copy).length > 0)

/** Every path above one of these. */
function above(paths: readonly string[]): Set<string> {
  const found = new Set<string>()
  for (const path of paths)
    for (let top = pathAbove(path); top !== undefined && !found.has(top); top = pathAbove(top)) found.add(top)
  return found
}

function isExcluded(path: string, patterns: readonly string[]): boolean {
  if (path === '') return false
  const parts = path.slice(1).split('/')
  return patterns.some(pattern => {
    const words = pattern.split('/')
    return words.length <= parts.length && words.every((word, index) => word === '*' || word === parts[index])
  })
}

/** What is to be done, and not merely said. */
export const isWork = ({ decision: { kind } }: Item) =>
  kind === 'full' ||
  kind === 'incremental' ||
  kind === 'resume' ||
  kind === 'abandon' ||
  kind === 'placeholder' ||
  kind === 'rotate'

/** What a person must look at. */
export const isTrouble = ({ decision: { kind } }: Item) => kind === 'diverged'

/** How far the copy is behind: snapshots of the source that came after what both have. */
export function missingOf({ source, target }: Item): number {
  const base = target === undefined ? undefined : baseOf(source, target)
  return snapshotsOf(source).filter(({ createtxg }) => createtxg > (base?.createtxg ?? -1)).length
}
