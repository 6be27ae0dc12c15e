/** Much to do, in parts. */

/**
 * At most so many at a time. Where one fails those under way come to their end, and none is begun any more: nobody else would
 * wait for them.
 */
export async function inTurns<T>(items: readonly T[], atOnce: number, act: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values()
  let isOver = false
  const take = async () => {
    for (const item of waiting) {
      if (isOver) return
      await act(item).catch(error => {
        isOver = true
        throw error
      })
    }
  }
  const outcomes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, take))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

/** Over ssh all names go in one word, which some systems do not take longer than 128 KiB. */
const MOST_NAMES = 300
export const chunks = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / MOST_NAMES) }, (_, index) =>
    all.slice(index * MOST_NAMES, (index + 1) * MOST_NAMES),
  )
