/** Real processes that hold something until they are told to let go. */
import { expect, test } from 'vitest'
import { holdHere } from '../../modules/core/local-session.ts'

/** Reads lines: says `held` to `lock`, ends at its input's end, with the status that `end` names. */
const client = (script: string) => [process.execPath, '-e', script] as const
const OBEDIENT = `
  require('readline').createInterface({ input: process.stdin })
    .on('line', line => line === 'lock' ? console.log('held') : process.exitCode = Number(line))
`
const lock = { send: 'lock\n', ready: 'held', seconds: 10 }

test('it holds until it is told the last words', async () => {
  const session = await holdHere(client(OBEDIENT), lock)
  expect(session.holds).toBe(true)
  expect(await session.end('0\n')).toMatchObject({ exit: 0, stdout: 'held\n' })
  expect(session.holds).toBe(false)
})

test('a bad end is told', async () => {
  const session = await holdHere(client(OBEDIENT), lock)
  await expect(session.end('3\n')).rejects.toThrow('failed with exit status 3')
})

test('one that ends instead of holding is told with what it said', async () => {
  const script = `console.error('access denied'); process.exitCode = 1`
  await expect(holdHere(client(script), lock)).rejects.toThrow('failed with exit status 1: access denied')
})

test('a program that is not there is named', async () => {
  await expect(holdHere(['bluejail-no-such-program'], lock)).rejects.toThrow("'bluejail-no-such-program' was not found")
})

test('one that never is ready is ended', async () => {
  const begun = Date.now()
  await expect(holdHere(client('setInterval(() => {}, 1000)'), { ...lock, seconds: 1 })).rejects.toThrow('within 1 s')
  expect(Date.now() - begun).toBeLessThan(4000)
})
