/** How long things take that are begun in order, so many side by side. */

export interface Lanes {
  /** When the next one could begin. */
  begin(): number
  add(seconds: number): void
  /** When all have ended. */
  end(): number
}

export function lanes(atOnce: number): Lanes {
  const busyUntil: number[] = []
  const first = () => (busyUntil.length < atOnce ? 0 : Math.min(...busyUntil))
  return {
    begin: first,
    add(seconds) {
      const begin = first()
      if (busyUntil.length < atOnce) busyUntil.push(seconds)
      else busyUntil[busyUntil.indexOf(begin)] = begin + seconds
    },
    end: () => Math.max(0, ...busyUntil),
  }
}

export function secondsFor(each: readonly number[], atOnce: number): number {
  const all = lanes(atOnce)
  for (const seconds of each) all.add(seconds)
  return all.end()
}
