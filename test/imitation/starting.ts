/**
 * Programs that start other programs. In memory those end at once, in the sandbox they are real processes: the same
 * steps serve both, and wait only where there is something to wait for.
 */
import type { Call, Imitation, Machine, Outcome } from './machine.ts'
import { outcomeOf, Screen } from './screen.ts'

export type Steps<T> = Generator<Promise<unknown>, T, unknown>

export function* wait<V>(value: V | Promise<V>): Steps<V> {
  return (value instanceof Promise ? yield value : value) as V
}

export function drive<T>(steps: Steps<T>): T | Promise<T> {
  const go = (turn: IteratorResult<Promise<unknown>, T>): T | Promise<T> =>
    turn.done
      ? turn.value
      : turn.value.then(
          value => go(steps.next(value)),
          problem => go(steps.throw(problem)),
        )
  return go(steps.next())
}

/** Ends with an exit status, or with the outcome of what it started. */
export type StartingProgram = (machine: Machine, call: Call, screen: Screen) => Steps<number | Outcome>

/** `imitation` of screen.ts for a program that starts others. */
export function starting(name: string, program: StartingProgram): Imitation {
  return (machine, call) => {
    const screen = new Screen()
    function* guarded(): Steps<Outcome> {
      try {
        const end = yield* program(machine, call, screen)
        return typeof end === 'number' ? outcomeOf(name, screen, end) : end
      } catch (problem) {
        return outcomeOf(name, screen, problem)
      }
    }
    return drive(guarded())
  }
}
