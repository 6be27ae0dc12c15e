/** Lanes: what a module does side by side, each one by itself until nothing is left. */
import { setTimeout as after } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { apply, check, converge } from '../../modules/core/converge.ts'
import { CommandFailed, GoalMissed, Refused } from '../../modules/core/errors.ts'
import type { Host } from '../../modules/core/host.ts'
import type { Lane, LaneEnd } from '../../modules/core/lanes.ts'
import { defineModule } from '../../modules/core/module.ts'
import { listOf, mapping, text } from '../../modules/core/options.ts'
import type { Done } from '../../modules/core/perform.ts'
import { answer } from '../../modules/core/program.ts'
import { describeStep, run } from '../../modules/core/step.ts'

const failed = (done: readonly Done[]) => done.find(({ failure }) => failure !== undefined)?.failure

/** A kettle is filled, boiled, and poured; one that breaks is thrown away. */
const kettle = (name: string): Lane => ({
  name,
  observe: async (machine, done) => ({
    has: (await machine.query(['look', name])).stdout,
    broke: failed(done),
  }),
  plan(seen, _now, done) {
    const { has, broke } = seen as { has: string; broke?: string }
    if (name === 'rusty') throw new Refused('rusty: it leaks')
    const end = { before: { [name]: 'cold' }, msg: name }
    if (broke !== undefined) {
      const isThrownAway = done.some(({ step }) => describeStep(step) === `throw ${name}`)
      return {
        ...end,
        after: { [name]: 'gone' },
        steps: isThrownAway ? [] : [run('throw', name)],
        verify: !isThrownAway,
        failures: isThrownAway ? [`${name}: ${broke}`] : [],
      }
    }
    const ways: Record<string, string[]> = { '': ['fill', 'boil', 'pour'], fill: ['boil', 'pour'], boil: ['pour'] }
    const [next = '', ...rest] = ways[has] ?? []
    return {
      ...end,
      after: { [name]: 'poured' },
      steps: next === '' ? [] : [run(next, name)],
      later: rest.map(word => `${word} ${name}`),
    }
  },
})

const kitchen = defineModule({
  name: 'kitchen',
  summary: 'Tea',
  description: ['For tests of the core.'],
  options: { kettles: listOf(text('A kettle.'), 'All of them.') },
  state: { kettles: mapping(text('How it is.'), 'By name.') },
  examples: {},
  observe: async (_options, machine) => (await machine.query(['look', 'kitchen'])).stdout,
  plan: ({ kettles }, lit) => ({
    before: { kettles: {} },
    after: { kettles: {} },
    steps: lit === 'light' ? [] : [run('light', 'kitchen')],
    msg: '',
    lanes: {
      atOnce: 2,
      of: kettles.map(kettle),
      gather: (ends: readonly LaneEnd[]) => ({
        before: { kettles: Object.assign({}, ...ends.map(({ first }) => first?.before)) },
        after: { kettles: Object.assign({}, ...ends.map(({ last }) => last?.after)) },
        failures: ends.flatMap(({ failure, last }) => [
          ...(failure === undefined ? [] : [failure]),
          ...(last?.failures ?? []),
        ]),
        msg: `${ends.length} kettles`,
      }),
    },
  }),
})

function hostThat(breaks?: string) {
  const has: Record<string, string> = {}
  const log: string[] = []
  const toy = { busy: 0, most: 0, log }
  const host = {
    query: async ([, name = '']: string[]) => ({ exit: 0, stdout: has[name] ?? '', stderr: '' }),
    async perform(step: Parameters<typeof describeStep>[0]) {
      const words = describeStep(step)
      const [verb = '', name = ''] = words.split(' ')
      toy.most = Math.max(toy.most, ++toy.busy)
      await after(name === 'slow' ? 20 : 1)
      toy.busy -= 1
      if (words === breaks) throw CommandFailed.timedOut([verb, name], 5)
      log.push(words)
      has[name] = verb
    },
    lock: async () => async () => {},
  } as unknown as Host
  return { host, toy }
}

const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }
const all = { kettles: ['slow', 'red', 'blue'] }
const words = (name: string) => ['fill', 'boil', 'pour'].map(verb => `${verb} ${name}`)

test('what is done in lanes is foretold, and told in their order', async () => {
  const { host, toy } = hostThat()
  const foretold = await converge(kitchen, all, host, check, circumstances)
  expect(toy.log).toEqual([])
  expect(foretold.steps).toEqual(['light kitchen', ...words('slow'), ...words('red'), ...words('blue')])
  const report = await converge(kitchen, all, host, apply, circumstances)
  expect(report).toEqual(foretold)
  expect(report.state).toEqual({ kettles: { slow: 'poured', red: 'poured', blue: 'poured' } })
  expect(await converge(kitchen, all, host, apply, circumstances)).toMatchObject({ changed: false, steps: [] })
})

test('no more than so many are on their way, and none waits for a slower one', async () => {
  const { host, toy } = hostThat()
  await converge(kitchen, all, host, apply, circumstances)
  expect(toy.most).toBe(2)
  expect(toy.log.indexOf('pour red')).toBeLessThan(toy.log.indexOf('boil slow'))
})

test('a failure is the lane’s own to deal with; the others go on, and the failed report says how all is', async () => {
  const { host, toy } = hostThat('boil red')
  const error = await converge(kitchen, all, host, apply, circumstances).catch(caught => caught)
  expect(error).toBeInstanceOf(GoalMissed)
  expect(error.message).toMatch(/^red: 'boil red' did not end within 5 s/)
  expect(error.report.state).toEqual({ kettles: { slow: 'poured', red: 'gone', blue: 'poured' } })
  expect(toy.log).toEqual(expect.arrayContaining(['throw red', 'pour slow', 'pour blue']))
})

test('a lane that refuses is a failure of its own', async () => {
  const { host, toy } = hostThat()
  const options = { kettles: ['rusty', 'red'] }
  await expect(converge(kitchen, options, host, apply, circumstances)).rejects.toThrow(/^rusty: it leaks$/)
  expect(toy.log).toEqual(['light kitchen', ...words('red')])
})

test('a bug in one lane is its own failure, with its stack, and the report says how the others fared', async () => {
  const { host, toy } = hostThat()
  const broken = {
    ...host,
    async perform(step: Parameters<Host['perform']>[0]) {
      if (describeStep(step) === 'boil red') throw new TypeError('a bug')
      await host.perform(step)
    },
  }
  const error = await converge(kitchen, all, broken, apply, circumstances).catch(caught => caught)
  expect(error).toBeInstanceOf(GoalMissed)
  expect(error.message).toMatch(
    /^red: there is a bug in what was to be done for it: 'boil red' failed: TypeError: a bug\. .* Please report it with the output of -vvv\.$/,
  )
  expect(error.stacks).toEqual([expect.stringMatching(/^TypeError: a bug\n\s+at /)])
  expect(error.report.state).toEqual({ kettles: { slow: 'poured', blue: 'poured' } })
  expect(toy.log).toEqual(expect.arrayContaining(['fill red', ...words('slow'), ...words('blue')]))
  const told = error.done.map(describeStep)
  expect(told).toEqual(expect.arrayContaining(['fill red', ...words('slow'), ...words('blue')]))
})

test('a failed result tells what failed and how the others fared', async () => {
  const { host } = hostThat('boil red')
  expect(await answer(kitchen, all, host)).toMatchObject({
    failed: true,
    changed: true,
    msg: expect.stringMatching(/^kitchen: red: 'boil red' did not end within 5 s .*\n3 kettles$/),
    state: { kettles: { slow: 'poured', red: 'gone', blue: 'poured' } },
  })
})
