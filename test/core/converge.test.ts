import { expect, test } from 'vitest'
import { apply, check, converge } from '../../modules/core/converge.ts'
import { CommandFailed, GoalMissed, InvalidOptions, LockHeld, Refused, StepFailed } from '../../modules/core/errors.ts'
import type { Host } from '../../modules/core/host.ts'
import { defineModule, UNKNOWN } from '../../modules/core/module.ts'
import { flag, mapping, text, withDefault } from '../../modules/core/options.ts'
import { describeStep, run } from '../../modules/core/step.ts'

/** A module over a machine that is a mapping of settings: enough to see what `converge` makes of a plan. */
const settings = defineModule({
  name: 'settings',
  summary: 'Settings of a toy machine',
  description: ['For tests of the core.'],
  options: {
    want: mapping(text('A value.'), 'Settings and their values.'),
    needs: withDefault(text('A setting that must be there.'), 'base'),
    impossible: withDefault(flag('Refuse.'), false),
  },
  state: { settings: mapping(text('A value.'), 'All settings.') },
  examples: {},
  observe: async (_options, machine) => JSON.parse((await machine.query(['dump'])).stdout) as Record<string, string>,
  plan({ want, needs, impossible }, seen) {
    if (impossible) throw new Refused('this cannot be')
    const steps = Object.entries(want)
      .filter(([key, value]) => seen[key] !== value)
      .map(([key, value]) => run('set', key, value))
    const chosen = Object.entries(want).map(([key, value]) => [key, value === 'auto' ? (seen[key] ?? UNKNOWN) : value])
    return {
      before: { settings: seen },
      after: { settings: { ...seen, ...Object.fromEntries(chosen) } },
      steps: steps.filter(step => !(step.command[2] === 'auto' && seen[step.command[1] ?? ''] !== undefined)),
      unmet: needs in seen ? [] : [`The setting ${needs} is not there: set it first.`],
      msg: `${steps.length} settings changed`,
    }
  },
})

function toyHost(state: Record<string, string>, failing?: string) {
  const log: string[] = []
  const host: Host = {
    query: async () => ({ exit: 0, stdout: JSON.stringify(state), stderr: '' }),
    read: async () => undefined,
    bytes: async () => undefined,
    digest: async () => undefined,
    contact: async () => ({}),
    status: async () => undefined,
    list: async () => undefined,
    async perform(step) {
      if (step.kind !== 'run') throw new TypeError('a toy host knows commands only')
      const [, key = '', value = ''] = step.command
      if (key === failing) throw CommandFailed.exited(step.command, { exit: 1, stdout: '', stderr: 'no\nway\n' })
      log.push(`set ${key}`)
      state[key] = value === 'auto' ? '42' : value
    },
    async lock(holder) {
      log.push(`lock ${holder}`)
      return async () => void log.push('unlock')
    },
  }
  return { host, log, state }
}

const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }

test('applying performs the steps under the lock and reports what is now', async () => {
  const { host, log, state } = toyHost({ base: '1' })
  const report = await converge(settings, { want: { a: 'x', b: 'y' } }, host, apply, circumstances)

  expect(report).toEqual({
    changed: true,
    msg: '2 settings changed',
    steps: ['set a x', 'set b y'],
    warnings: [],
    state: { settings: { base: '1', a: 'x', b: 'y' } },
    diff: { before: { settings: { base: '1' } }, after: { settings: { base: '1', a: 'x', b: 'y' } } },
  })
  expect(log).toEqual(['lock a test', 'set a', 'set b', 'unlock'])
  expect(state).toEqual({ base: '1', a: 'x', b: 'y' })
})

test('check mode reports the same and touches nothing, not even the lock', async () => {
  const { host, log } = toyHost({ base: '1' })
  const foretold = await converge(settings, { want: { a: 'x' } }, host, check, circumstances)
  expect(log).toEqual([])
  expect(foretold).toEqual(await converge(settings, { want: { a: 'x' } }, host, apply, circumstances))
})

test('the second run has nothing to do', async () => {
  const { host } = toyHost({ base: '1' })
  await converge(settings, { want: { a: 'x' } }, host, apply, circumstances)
  expect(await converge(settings, { want: { a: 'x' } }, host, apply, circumstances)).toMatchObject({
    changed: false,
    steps: [],
  })
})

test('an unmet prerequisite is a warning when checking and an error when applying', async () => {
  const { host, log } = toyHost({})
  expect(await converge(settings, { want: { a: 'x' } }, host, check, circumstances)).toMatchObject({
    changed: true,
    steps: ['set a x'],
    warnings: ['The setting base is not there: set it first. Planned as if it were there.'],
  })
  const applying = converge(settings, { want: { a: 'x' } }, host, apply, circumstances)
  await expect(applying).rejects.toThrow(new Refused('The setting base is not there: set it first.'))
  expect(log).toEqual(['lock a test', 'unlock'])
})

test('of many unmet prerequisites the first are told, and how many more there are', () => {
  const unmet = ['a', 'b', 'c', 'd', 'e', 'f'].map(name => `There is no ${name}.`)
  expect(check.meet(unmet)).toEqual([
    ...['a', 'b', 'c'].map(name => `There is no ${name}. Planned as if it were there.`),
    'And 3 more like these.',
  ])
  expect(check.meet(unmet.slice(0, 4))).toHaveLength(4)
  expect(() => apply.meet(unmet)).toThrow('There is no a. There is no b. There is no c. And 3 more like these.')
})

test('what only the machine decides is unknown when checking, and looked up after applying', async () => {
  const { host } = toyHost({ base: '1' })
  const options = { want: { size: 'auto', other: 'x' } }
  expect((await converge(settings, options, host, check, circumstances)).state).toEqual({
    settings: { base: '1', size: UNKNOWN, other: 'x' },
  })
  const report = await converge(settings, options, host, apply, circumstances)
  expect(report.state).toEqual({ settings: { base: '1', size: '42', other: 'x' } })
  expect(report.diff.after).toEqual(report.state)
})

test('a failing step tells what was done before it, and gives the lock back', async () => {
  const { host, log } = toyHost({ base: '1' }, 'b')
  const failed = await converge(settings, { want: { a: '1', b: '2', c: '3' } }, host, apply, circumstances).catch(
    e => e,
  )
  expect(failed).toBeInstanceOf(StepFailed)
  expect(failed.message).toBe(
    "'set b 2' failed with exit status 1: no / way. Before it, 1 step(s) were done; run this again to finish.",
  )
  expect(failed.done).toEqual([run('set', 'a', '1')])
  expect(log).toEqual(['lock a test', 'set a', 'unlock'])
})

test('what is refused is refused before the first step', async () => {
  const { host, state } = toyHost({ base: '1' })
  await expect(converge(settings, { want: { a: '1' }, impossible: true }, host, apply, circumstances)).rejects.toThrow(
    Refused,
  )
  expect(state).toEqual({ base: '1' })
})

test('options that cannot be read are told before the host is looked at', async () => {
  const host = { ...toyHost({}).host, lock: () => Promise.reject(new LockHeld('/x', '', 0)) }
  await expect(converge(settings, { wnat: {} }, host, apply, circumstances)).rejects.toThrow(InvalidOptions)
})

/** Builds a thing whose size only the machine knows, and then writes the size down: two plans, one foretelling. */
const built = defineModule({
  name: 'built',
  summary: 'A thing and its label',
  description: ['For tests of the core.'],
  options: {},
  state: { thing: text('Its size.'), label: text('What is written on it.') },
  examples: {},
  observe: async (_options, machine) => JSON.parse((await machine.query(['dump'])).stdout) as Record<string, string>,
  plan(_options, { thing, label }) {
    const before = { thing: thing ?? 'none', label: label ?? 'none' }
    const labelled = { steps: [run('set', 'label', `${thing}`)], after: { thing: `${thing}`, label: `${thing}` } }
    if (thing === undefined)
      return {
        before,
        after: { thing: UNKNOWN, label: UNKNOWN },
        steps: [run('set', 'thing', 'auto')],
        later: ['set label 42'],
        msg: 'built',
      }
    return { before, ...(label === thing ? { after: before, steps: [] } : labelled), msg: 'built' }
  },
})

test('what is left for later is foretold in words, and planned anew when the first part is done', async () => {
  const { host, state } = toyHost({})
  const foretold = await converge(built, {}, host, check, circumstances)
  const report = await converge(built, {}, host, apply, circumstances)
  expect(report.steps).toEqual(['set thing auto', 'set label 42'])
  expect(foretold.steps).toEqual(report.steps)
  expect(state).toEqual({ thing: '42', label: '42' })
  expect(await converge(built, {}, host, apply, circumstances)).toMatchObject({ changed: false })
})

test('a run that died between the two is finished by the next', async () => {
  const { host } = toyHost({ thing: '42' })
  expect(await converge(built, {}, host, apply, circumstances)).toMatchObject({
    steps: ['set label 42'],
    state: { thing: '42', label: '42' },
  })
})

/** Starts a thing that may not come up, clears up after it, and says why it is not there. */
const started = defineModule({
  name: 'started',
  summary: 'A thing that runs',
  description: ['For tests of the core.'],
  options: {},
  state: { runs: flag('Whether it runs.') },
  examples: {},
  observe: async (_options, machine) => JSON.parse((await machine.query(['dump'])).stdout) as Record<string, string>,
  plan(_options, { thing, remains }, _now, done) {
    const state = { before: { runs: thing !== undefined }, after: { runs: true }, msg: 'started' }
    const setback = done.find(one => one.setback !== undefined)?.setback
    const failures = setback === undefined ? [] : [`it did not start: ${setback.stderr.trim()}`]
    if (setback !== undefined && remains === undefined)
      return { ...state, failures, steps: [run('set', 'remains', 'none')], verify: true }
    if (thing !== undefined || setback !== undefined) return { ...state, failures, steps: [] }
    return { ...state, steps: [{ ...run('set', 'thing', '1'), setbacks: [1] }], verify: true }
  },
})

test('a setback is dealt with in another plan, and the run fails with its reasons once that is done', async () => {
  const { host, state } = toyHost({}, 'thing')
  const failed = await converge(started, {}, host, apply, circumstances).catch(e => e)
  expect(failed).toBeInstanceOf(GoalMissed)
  expect(failed.message).toBe('it did not start: no\nway')
  expect(failed.done.map(describeStep)).toEqual(['set thing 1', 'set remains none'])
  expect(state).toEqual({ remains: 'none' })
})

test('what has become of all is told of a failed run where its plan says so', async () => {
  const { host } = toyHost({}, 'thing')
  const telling = {
    ...started,
    plan: (...all: Parameters<typeof started.plan>) => ({ ...started.plan(...all), isToldInFailure: true as const }),
  }
  const failed = await converge(telling, {}, host, apply, circumstances).catch(e => e)
  expect(failed).toBeInstanceOf(GoalMissed)
  expect(failed.report).toMatchObject({ state: { runs: true }, steps: ['set thing 1', 'set remains none'] })
  const silent = await converge(started, {}, toyHost({}, 'thing').host, apply, circumstances).catch(e => e)
  expect(silent.report).toBeUndefined()
})

test('a plan that is to be verified is made anew once more; checking foretells its steps', async () => {
  const { host } = toyHost({})
  const foretold = await converge(started, {}, host, check, circumstances)
  const report = await converge(started, {}, host, apply, circumstances)
  expect(report).toMatchObject({ changed: true, steps: ['set thing 1'], state: { runs: true } })
  expect(foretold.steps).toEqual(report.steps)
})
