/** What a command may say: a customer's own can say anything, for ever. */
import { expect, test } from 'vitest'
import { localHost } from '../../modules/core/local-host.ts'
import { holdHere } from '../../modules/core/local-session.ts'
import { run } from '../../modules/core/step.ts'

const MEBIBYTE = 1 << 20
const host = localHost()

/** How long `act` takes, how much of that Node is at work, and what it holds on to meanwhile. */
async function costOf(act: () => Promise<unknown>) {
  const [began, before, memory] = [Date.now(), process.cpuUsage(), process.memoryUsage().rss]
  let most = memory
  const looking = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss)
  }, 50)
  await act().finally(() => clearInterval(looking))
  const { user, system } = process.cpuUsage(before)
  return { seconds: (Date.now() - began) / 1000, atWork: (user + system) / 1e6, bytes: most - memory }
}

const shell = (script: string) => ['sh', '-c', script] as const

test('an answer of which more comes than was to be taken is a failure and not a half one', async () => {
  const question = host.query(shell('head -c 300000 /dev/zero; sleep 60'), { mostBytes: 256 << 10 })
  await expect(question).rejects.toThrow(
    /^'sh -c 'head .*' printed more than 256 KiB, which nobody reads, and was stopped\.$/,
  )
  await expect(host.query(['yes'], { mostBytes: MEBIBYTE })).rejects.toThrow(/printed more than 1 MiB/)
  const complaining = host.query(shell('yes >&2'), { mostBytes: MEBIBYTE })
  await expect(complaining).rejects.toThrow(/printed more than 1 MiB/)
})

test('one that fits is whole, byte by byte', async () => {
  const { stdout } = await host.query(shell('head -c 1000000 /dev/zero; printf "\\377\\n"'), {
    encoding: 'latin1',
    mostBytes: 1_000_002,
  })
  expect(stdout.length).toBe(1_000_002)
  expect(stdout.slice(-2)).toBe('\u00ff\n')
})

test('of what is only shown, the first and the last is kept, and what was between is counted', async () => {
  const { exit, stdout } = await host.query(shell('echo first; yes | head -c 4000000; echo last; exit 3'), {
    exits: [3],
    isOnlyShown: true,
  })
  expect(exit).toBe(3)
  expect(stdout.slice(0, 6)).toBe('first\n')
  expect(stdout.slice(-5)).toBe('last\n')
  const left = Number(/\n\[(\d+) bytes are left out here\]\n/.exec(stdout)?.[1])
  expect(stdout.length - `\n[${left} bytes are left out here]\n`.length + left).toBe(4_000_000 + 11)
  expect(stdout.length).toBeLessThan(1.2 * MEBIBYTE)
})

test.each([
  ['a step', () => host.perform({ ...run('yes'), timeoutSeconds: 2 })],
  ['one that complains', () => host.perform({ ...run(...shell('yes >&2')), timeoutSeconds: 2 })],
  ['a check', () => host.query(['yes'], { isOnlyShown: true, timeoutSeconds: 2 })],
  ['a session', () => holdHere(['yes'], { send: '', ready: 'held', seconds: 2 })],
])('%s that never stops talking ends in time, and is neither listened to nor kept', async (_what, act) => {
  const cost = await costOf(() => expect(act()).rejects.toThrow(/did not end within 2 s/))
  expect(cost.seconds).toBeLessThan(20)
  expect(cost.atWork).toBeLessThan(1.5)
  expect(cost.bytes).toBeLessThan(100 * MEBIBYTE)
})

test('whoever has left the group of its command keeps nobody waiting', async () => {
  const script = 'setsid sh -c "yes >&2" & yes'
  const cost = await costOf(() =>
    expect(host.query(shell(script), { mostBytes: 65_536 })).rejects.toThrow(/printed more than 64 KiB/),
  )
  expect(cost.seconds).toBeLessThan(20)
})
