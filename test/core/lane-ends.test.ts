/** What ends a lane, or keeps it from beginning, beside what it comes to itself. */
import { describe, expect, test } from 'vitest'
import { apply, converge } from '../../modules/core/converge.ts'
import { CommandFailed } from '../../modules/core/errors.ts'
import type { Host } from '../../modules/core/host.ts'
import { hasFailed, type Lane, type Lanes } from '../../modules/core/lanes.ts'
import { defineModule } from '../../modules/core/module.ts'
import { listOf, text } from '../../modules/core/options.ts'
import { answer } from '../../modules/core/program.ts'
import { describeStep, run } from '../../modules/core/step.ts'

/** A walk of one step; it may not be possible. */
const walk = (name: string): Lane => ({
  name,
  observe: async () => undefined,
  plan: (_seen, _now, done) => ({
    before: {},
    after: {},
    steps: done.length > 0 ? [] : [run('walk', name)],
    verify: done.length === 0,
    failures: done.flatMap(({ failure }) => failure ?? []),
    msg: '',
  }),
})

function hostThat(breaks?: string) {
  const log: string[] = []
  const host = {
    async perform(step: Parameters<Host['perform']>[0]) {
      log.push(describeStep(step))
      if (describeStep(step) === breaks) throw CommandFailed.timedOut(['walk'], 5)
    },
    lock: async () => async () => {},
  } as unknown as Host
  return { host, log }
}

const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }

/** These lanes and nothing else. */
const lanesOf = (of: readonly Lane[], more: Partial<Lanes> = {}) =>
  defineModule({
    name: 'lanes',
    summary: 'Lanes',
    description: ['For tests of the core.'],
    options: {},
    state: { ends: listOf(text('How one has ended.'), 'All of them.') },
    examples: {},
    observe: async () => undefined,
    plan: () => ({
      before: { ends: [] },
      after: { ends: [] },
      steps: [],
      msg: '',
      lanes: {
        atOnce: 1,
        of,
        gather: ends => ({
          before: {},
          after: { ends: ends.map(({ name, obstacle, failure }) => `${name}: ${obstacle ?? failure ?? 'well'}`) },
          failures: ends.flatMap(({ failure }) => failure ?? []),
          msg: `${ends.length} of them`,
        }),
        ...more,
      },
    }),
  })

test('a bug in one is told with its stack in the result', async () => {
  const { host } = hostThat()
  const bug = { ...host, perform: () => Promise.reject(new TypeError('a bug')) }
  expect(await answer(lanesOf([walk('red')]), {}, bug)).toMatchObject({
    failed: true,
    msg: expect.stringMatching(/^lanes: red: there is a bug .*\n1 of them$/),
    exception: expect.stringMatching(/^TypeError: a bug\n\s+at /),
  })
})

describe('a lane that comes no nearer to its end', () => {
  const circling = (...step: readonly [string, ...string[]]): Lane => ({
    name: 'mill',
    observe: async () => undefined,
    plan: () => ({ before: {}, after: {}, steps: [run(...step)], verify: true, msg: '' }),
  })

  test('is given up and told, and the others are not held up for ever', async () => {
    const { host, log } = hostThat()
    const error = await converge(
      lanesOf([circling('turn', 'mill'), walk('red')]),
      {},
      host,
      apply,
      circumstances,
    ).catch(caught => caught)
    expect(error.message).toBe(
      'mill was given up after 500 rounds that did not bring it to its end; the last was: turn mill. It is left as it is now. This should not be: please report it with these words.',
    )
    expect(log.filter(words => words === 'turn mill')).toHaveLength(500)
    expect(log.at(-1)).toBe('walk red')
  })

  test('is given up too where it only waits, but that may be long', async () => {
    const { host } = hostThat()
    let waits = 0
    const patient = { ...host, perform: async () => void waits++ }
    const module = lanesOf([circling('sleep', '1')])
    await expect(converge(module, {}, patient, apply, circumstances)).rejects.toThrow(/^mill was given up after 10000 /)
    expect(waits).toBe(10_000)
  })

  test('that goes for a module’s own rounds, and what it did is told', async () => {
    const { host } = hostThat()
    const mill = defineModule({
      ...lanesOf([]),
      plan: () => ({ before: { ends: [] }, after: { ends: [] }, steps: [run('turn', 'mill')], verify: true, msg: '' }),
    })
    const error = await converge(mill, {}, host, apply, circumstances).catch(caught => caught)
    expect(error.message).toMatch(/^lanes was given up after 500 rounds .* Before it, 500 step\(s\) were done/)
    expect(error.done).toHaveLength(500)
  })
})

describe('a lane whose turn comes too late', () => {
  test('is not begun: what stands in its way is asked with how the others have ended', async () => {
    const { host, log } = hostThat('walk red')
    const asked: string[] = []
    const module = lanesOf([walk('red'), walk('blue'), walk('green')], {
      obstacle(lane, ended, now) {
        asked.push(`${lane.name} ${ended.map(each => `${each.name} ${hasFailed(each)}`).join()} ${now.getUTCHours()}`)
        return lane.name === 'blue' ? 'not today' : undefined
      },
    })
    const { state } = await converge(module, {}, host, apply, circumstances)
    expect(state).toEqual({
      ends: ['red: well', 'blue: not today', 'green: well'],
    })
    expect(asked).toEqual(['red  12', 'blue red true 12', 'green red true,blue false 12'])
    expect(log).toEqual(['walk red', 'walk green'])
  })
})
