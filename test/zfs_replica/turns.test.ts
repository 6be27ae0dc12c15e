/** Several at a time, and what becomes of the others when one fails. */
import { setTimeout as after } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inTurns } from '../../programs/replicate/turns.ts'

test('all are dealt with, no more than so many at a time', async () => {
  let [now, most] = [0, 0]
  const seen: number[] = []
  await inTurns([5, 1, 4, 2, 3], 2, async item => {
    most = Math.max(most, ++now)
    await after(item)
    seen.push(item)
    now--
  })
  expect([seen.sort(), most]).toEqual([[1, 2, 3, 4, 5], 2])
})

test('where one fails, who is under way comes to its end, nobody begins, and the reason is told', async () => {
  const [begun, ended]: string[][] = [[], []]
  const running = inTurns(['slow', 'broken', 'late', 'later'], 2, async item => {
    begun?.push(item)
    await after(item === 'slow' ? 30 : 1)
    if (item === 'broken') throw new TypeError('a bug')
    ended?.push(item)
  })
  await expect(running).rejects.toThrow('a bug')
  expect([begun, ended]).toEqual([['slow', 'broken'], ['slow']])
})
