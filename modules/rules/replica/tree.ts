/** What is next for a whole tree and its copy. */
import { type Decision, decide, type Learned, type Wishes } from './decide.ts'
import { canGoBeside, exchangeOf, isPlaceholder } from './filling.ts'
import { fillingOf, isSetAside } from './names.ts'
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
  /** Why it is received beside a copy, to replace that. */
  readonly because?: string
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
  /** What is being renamed takes along all below it. */
  const moving = new Map<string, string>()

  for (const [path, seen] of [...source].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!included.includes(path)) continue
    const exchange = exchangeOf(path, target)
    const because = exchange === undefined ? whyBeside(path, seen) : undefined
    const place = because === undefined ? path : fillingOf(path)
    const copy = target.get(place)
    const decision = mended(
      unlessInUse(path, before(path, seen) ?? exchange ?? decide(path, seen, copy, wishes, learned)),
      copy,
    )
    if (decision.kind === 'rotate') moving.set(path, 'begun anew')
    if (decision.kind === 'exchange') moving.set(path, 'replaced')
    items.push({
      path,
      source: seen,
      targetName: `${targetRoot}${place}`,
      target: copy,
      decision,
      ...(because !== undefined && { because }),
    })
  }
  return items

  /** What is renamed takes along all below it. What is half received for the first time is nobody's yet. */
  function unlessInUse(path: string, decision: Decision): Decision {
    if (decision.kind !== 'rotate') return decision
    const used = [...target].find(([at, one]) => isAtOrBelow(at, path) && isThere(one) && !one.isReadOnly)?.[1]
    return used === undefined
      ? decision
      : { kind: 'diverged', why: `${decision.why}; it stays, since ${used.name} is not read-only, and so in use` }
  }

  function whyBeside(path: string, seen: DatasetSeen): string | undefined {
    const copy = target.get(path)
    if (copy === undefined || snapshotsOf(seen).length === 0) return undefined
    if (isPlaceholder(copy)) return `${copy.name} only stood for it`
    const decision = canGoBeside(path, seen, copy) ? decide(path, seen, copy, wishes, learned) : undefined
    return decision?.kind === 'rotate' ? decision.why : undefined
  }

  /** What is said before the dataset and its copy are looked at alone. */
  function before(path: string, seen: DatasetSeen): Decision | undefined {
    const switching = [...learned.switching].find(instance => isAtOrBelow(seen.name, instance))
    if (switching !== undefined)
      return { kind: 'skipped', why: `${switching} is being switched to another blueprint (it has a journal)` }
    const [, becomes] = [...moving].find(([above]) => isAtOrBelow(path, above)) ?? []
    if (becomes !== undefined) return { kind: 'waits', why: `the dataset above it is ${becomes}` }
    const [copy, top] = [target.get(path), pathAbove(path)]
    const isWanted = seen.points.length > 0 || needed.has(path)
    if (top !== undefined && copy === undefined && isWanted && !isThere(target.get(top)))
      return { kind: 'waits', why: `the copy of the dataset above it is not there` }
    if (snapshotsOf(seen).length > 0 || !needed.has(path) || seen.token !== undefined) return undefined
    if (exchangeOf(path, target) !== undefined) return undefined
    if (copy === undefined) return { kind: 'placeholder' }
    // The others below could never follow.
    return isThere(copy)
      ? { kind: 'skipped', why: `${seen.name} has no snapshot` }
      : { kind: 'abandon', why: `the snapshot that ${copy.name} had begun to receive is no longer there` }
  }
}

/**
 * Whatever is received is made so (zfs-send.ts). Others were seeded by hand, or lost it since. One that is in use is left: it
 * is mounted because that is wished.
 */
const mended = (decision: Decision, copy: DatasetSeen | undefined): Decision =>
  (decision.kind === 'nothing' || decision.kind === 'diverged') && copy?.isMountable && copy.isReadOnly
    ? { kind: 'mend', otherwise: decision }
    : decision

/** What is to be said of a dataset, whatever is done to its copy meanwhile. */
export const verdictOf = ({ decision }: Item): Decision => (decision.kind === 'mend' ? decision.otherwise : decision)

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
  kind === 'exchange' ||
  kind === 'mend' ||
  kind === 'rotate'

/** How far the copy is behind: snapshots of the source that came after what both have. */
export function missingOf({ source, target }: Item): number {
  const base = target === undefined ? undefined : baseOf(source, target)
  return snapshotsOf(source).filter(({ createtxg }) => createtxg > (base?.createtxg ?? -1)).length
}
