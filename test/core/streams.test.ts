/** Much data from one process to another. */
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { inPlace, throttleTo, transferHere } from '../../modules/core/streams.ts'

const directory = mkdtempSync(join(tmpdir(), 'streams-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const file = (name: string) => join(directory, name)

const MEGABYTE = 1 << 20
const writing = (bytes: number) => ['head', '-c', String(bytes), '/dev/zero'] as const

test('every byte arrives, through the kernel alone', async () => {
  await transferHere(writing(50 * MEGABYTE), ['dd', `of=${file('all')}`, 'status=none'])
  expect(
    createHash('sha256')
      .update(readFileSync(file('all')))
      .digest('hex'),
  ).toBe(
    createHash('sha256')
      .update(Buffer.alloc(50 * MEGABYTE))
      .digest('hex'),
  )
})

test('with a limit, every byte arrives and no sooner; two that share one take as long as both', async () => {
  const began = Date.now()
  const throttle = throttleTo(2 * MEGABYTE)
  await Promise.all(
    ['one', 'two'].map(name =>
      transferHere(writing(MEGABYTE), ['dd', `of=${file(name)}`, 'status=none'], { throttle }),
    ),
  )
  expect(statSync(file('one')).size + statSync(file('two')).size).toBe(2 * MEGABYTE)
  expect(Date.now() - began).toBeGreaterThan(700)
})

test('in no second more goes than the limit and what a moment of silence has saved', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ pause: fc.nat(5000), bytes: fc.integer({ min: 1, max: 65_536 }) }), {
        minLength: 1,
        maxLength: 200,
      }),
      fc.integer({ min: 1_000, max: 1_000_000 }),
      (chunks, rate) => {
        let clock = 0
        const throttle = throttleTo(rate, () => clock)
        const gone: { at: number; bytes: number }[] = []
        for (const { pause, bytes } of chunks) {
          clock += pause % 7 === 0 ? pause : 0
          clock += throttle(bytes)
          gone.push({ at: clock, bytes })
        }
        for (const { at } of gone) {
          const second = gone.filter(other => other.at > at - 1000 && other.at <= at)
          const sum = second.reduce((total, { bytes }) => total + bytes, 0)
          expect(sum).toBeLessThanOrEqual(rate * 1.25 + 65_536)
        }
      },
    ),
  )
})

test('a failure tells what both said', async () => {
  await expect(transferHere(writing(MEGABYTE), ['ls', '/no such place'])).rejects.toThrow(
    /'ls '\/no such place''.*exit/,
  )
  await expect(transferHere(['ls', '/nowhere'], ['ls', '/neither'])).rejects.toThrow(/nowhere.* \/ .*neither/s)
  await expect(transferHere(['no-such-program'], ['cat'])).rejects.toThrow(/'no-such-program' was not found/)
  await expect(transferHere(writing(MEGABYTE), ['ls', '/gone'], { throttle: throttleTo(1 << 30) })).rejects.toThrow(
    /gone/,
  )
})

test('it can be ended', async () => {
  const ending = new AbortController()
  setTimeout(() => ending.abort(), 200)
  await expect(transferHere(['sleep', '60'], ['cat'], { ending: ending.signal })).rejects.toThrow(/SIGTERM/)
})

/** A process of its own, since it is about standard input. */
function inAProcess(command: readonly string[], input: Buffer) {
  const streams = fileURLToPath(new URL('../../modules/core/streams.ts', import.meta.url))
  const contents = `
    import { inPlace, readInput } from '${streams}'
    readInput(100_000).then(head => inPlace(${JSON.stringify(command)}, head)).then(status => (process.exitCode = status))`
  const program = file('program.cjs')
  const stdin = { contents, resolveDir: directory }
  buildSync({ stdin, bundle: true, platform: 'node', format: 'cjs', outfile: program, logLevel: 'error' })
  return spawnSync(process.execPath, [program], { input, maxBuffer: 1 << 30 })
}

test('of what comes in, a beginning can be looked at: the command gets that first and then the rest', () => {
  const input = randomBytes(3 * MEGABYTE)
  const { stdout, status } = inAProcess(['cat'], input)
  expect([stdout.equals(input), status]).toEqual([true, 0])
  const short = inAProcess(['cat'], input.subarray(0, 1000))
  expect([short.stdout.length, short.status]).toEqual([1000, 0])
})

test('a command that wants none of it, or is not there, ends it as it would without', () => {
  expect(inAProcess(['false'], randomBytes(3 * MEGABYTE)).status).toBe(1)
  expect(inAProcess(['head', '-c', '5'], randomBytes(3 * MEGABYTE))).toMatchObject({ status: 0, stdout: { length: 5 } })
  expect(inAProcess(['no-such-program'], Buffer.alloc(10)).stderr.toString()).toMatch(/was not found/)
})

test('a command in place of this process ends with its own status', async () => {
  expect(await inPlace(['true'])).toBe(0)
  expect(await inPlace(['false'])).toBe(1)
  await expect(inPlace(['no-such-program'])).rejects.toThrow(/was not found/)
})
