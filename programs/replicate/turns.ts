/** Much to do, some of it at a time. */

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
