import { setTimeout as after } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { CommandFailed, StepFailed } from '../../modules/core/errors.ts'
import type { Host } from '../../modules/core/host.ts'
import { performAll } from '../../modules/core/perform.ts'
import { describeStep, eachStep, type PipeStep, pipe, type RunStep, run } from '../../modules/core/step.ts'

/** `exit N` fails so; `wait N` takes so many milliseconds. */
function toyHost() {
  const log: string[] = []
  let running = 0
  const toy = { most: 0, log }
  const host = {
    async perform(step: RunStep | PipeStep) {
      const [word, number = '0'] = step.kind === 'pipe' ? step.to : step.command
      toy.most = Math.max(toy.most, ++running)
      if (word === 'wait') await after(Number(number))
      running -= 1
      log.push(describeStep(step))
      if (word === 'exit')
        throw CommandFailed.exited([word, number], { exit: Number(number), stdout: '', stderr: `said ${number}\n` })
    },
  } as unknown as Host
  return { host, toy }
}

const words = (done: readonly { step: Parameters<typeof describeStep>[0] }[]) =>
  done.map(({ step }) => describeStep(step))
const mayExit = (status: number): RunStep => ({ ...run('exit', String(status)), setbacks: [1] })

describe('setbacks', () => {
  test('a status that the step provides for ends the list, and what the command said is kept', async () => {
    const { host } = toyHost()
    const done = await performAll(host, [run('a'), mayExit(1), run('b')], [])
    expect(done).toEqual([
      { step: run('a') },
      { step: mayExit(1), setback: { exit: 1, stdout: '', stderr: 'said 1\n' } },
    ])
  })

  test('whatever becomes of a pipe that bears it; other pipes fail', async () => {
    const { host } = toyHost()
    const into = pipe(['tar'], ['exit', '7'])
    const borne = { ...into, bears: { holdUp: 'somebody else' } }
    expect(await performAll(host, [run('a'), borne, run('b')], [])).toEqual([
      { step: run('a') },
      { step: borne, failure: "'exit 7' failed with exit status 7: said 7" },
    ])
    await expect(performAll(host, [into], [])).rejects.toThrow(StepFailed)
  })

  test('any other status is a failure', async () => {
    const { host } = toyHost()
    await expect(performAll(host, [mayExit(2)], [])).rejects.toThrow(
      "'exit 2' failed with exit status 2: said 2. Nothing else was changed.",
    )
  })
})

describe('side by side', () => {
  test('at most so many lists at once, told in the order in which they were given', async () => {
    const { host, toy } = toyHost()
    const lists = [30, 5, 5, 5].map((time, index) => [run('wait', String(time)), run('then', String(index))])
    const steps = [{ kind: 'together', lists, atOnce: 2 } as const, run('last')]
    const done = await performAll(host, steps, [])
    expect(toy.most).toBe(2)
    expect(toy.log.indexOf('then 1')).toBeLessThan(toy.log.indexOf('then 0'))
    expect(words(done)).toEqual(eachStep(steps).map(describeStep))
  })

  test('a list that is set back leaves the others alone, and what comes after all of them is left', async () => {
    const { host } = toyHost()
    const lists = [
      [mayExit(1), run('a')],
      [run('wait', '5'), run('b')],
    ]
    const done = await performAll(host, [{ kind: 'together', lists, atOnce: 2 }, run('last')], [])
    expect(words(done)).toEqual(['exit 1', 'wait 5', 'b'])
  })

  test('failures are told when all lists have ended, every one of them', async () => {
    const { host, toy } = toyHost()
    const lists = [[run('exit', '1'), run('a')], [run('exit', '2')], [run('wait', '5'), run('b')]]
    const failed = await performAll(host, [{ kind: 'together', lists, atOnce: 3 }], [{ step: run('before') }]).catch(
      e => e,
    )
    expect(toy.log).toContain('b')
    expect(failed).toBeInstanceOf(StepFailed)
    expect(failed.message).toBe(
      "'exit 1' failed with exit status 1: said 1. 'exit 2' failed with exit status 2: said 2. Before it, 3 step(s) were done; run this again to finish.",
    )
    expect(failed.done.map(describeStep)).toEqual(['before', 'wait 5', 'b'])
  })
})
