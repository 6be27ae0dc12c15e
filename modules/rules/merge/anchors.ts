/**
 * Texts are cut where a line stands that each side has once and in the same order. Between two such lines there is little to
 * compare, where the whole would take time by the product of its lines, and nothing is matched across them by chance
 * (Bram Cohen's patience diff).
 */

export type Three<T> = Readonly<Record<'old' | 'new' | 'own', T>>

export type Piece = Three<readonly string[]>

const SIDES = ['old', 'new', 'own'] as const

/** Put together they are the three texts again. A line that all have is a piece of its own. */
export function piecesOf(lines: Piece): Piece[] {
  const pieces: Piece[] = []
  let from: Three<number> = { old: 0, new: 0, own: 0 }
  const upTo = (to: Three<number>) => {
    const piece = forEach(side => lines[side].slice(from[side], to[side]))
    if (SIDES.some(side => piece[side].length > 0)) pieces.push(piece)
    from = to
  }
  for (const anchor of anchorsOf(lines)) {
    upTo(anchor)
    upTo(forEach(side => anchor[side] + 1))
  }
  upTo(forEach(side => lines[side].length))
  return pieces
}

function anchorsOf(lines: Piece): Three<number>[] {
  const places = forEach(side => soleLines(lines[side]))
  const shared = [...places.old].flatMap(([line, old]): Three<number>[] => {
    const [newer, own] = [places.new.get(line), places.own.get(line)]
    return newer === undefined || own === undefined ? [] : [{ old, new: newer, own }]
  })
  return longestRise(longestRise(shared, 'own'), 'new')
}

/** Lines that are there once, and where; in their order. */
function soleLines(lines: readonly string[]): Map<string, number> {
  const found = new Map<string, number>()
  const repeated = new Set<string>()
  for (const [at, line] of lines.entries()) {
    if (found.has(line)) repeated.add(line)
    found.set(line, at)
  }
  for (const line of repeated) found.delete(line)
  return found
}

/** As many of them as stand in ascending order on a side. */
function longestRise(anchors: readonly Three<number>[], side: keyof Piece): Three<number>[] {
  interface Link {
    readonly anchor: Three<number>
    readonly before: Link | undefined
  }
  /** Of the rises of each length, the one whose end is lowest. */
  const ends: Link[] = []
  for (const anchor of anchors) {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle]?.anchor[side] ?? 0) < anchor[side]) low = middle + 1
      else high = middle
    }
    ends[low] = { anchor, before: ends[low - 1] }
  }
  const rise: Three<number>[] = []
  for (let link = ends.at(-1); link !== undefined; link = link.before) rise.push(link.anchor)
  return rise.reverse()
}

const forEach = <T>(make: (side: keyof Piece) => T): Three<T> => ({
  old: make('old'),
  new: make('new'),
  own: make('own'),
})
