/** What a suite works with: the machine, and a book of what passed, failed, was left out and was measured. */
import type { Machine } from './machine.ts'

export interface Outcome {
  readonly suite: string
  readonly title: string
  readonly status: 'passed' | 'failed' | 'skipped'
  readonly seconds: number
  /** Why it failed or was left out. */
  readonly reason?: string
}

/** A quantity in the unit that its name ends with, and what it has to reach where something was promised. */
export interface Figure {
  readonly title: string
  readonly value: number
  readonly atLeast?: number
  readonly atMost?: number
  /** How it came about: sizes, single times. */
  readonly from?: Readonly<Record<string, number | string>>
}

export interface Bench {
  readonly machine: Machine
  /** Less of everything, for every run of CI. */
  readonly quick: boolean
  /** One case. It fails by throwing; those that follow are run all the same. */
  check(title: string, body: () => Promise<void>): Promise<void>
  skip(title: string, reason: string): void
  /** Kept among the results; a case of its own where it has something to reach. */
  figure(figure: Figure): void
}

/** A suite does its cases one after the other. Both pools are new and empty when it begins. */
export type Suite = (bench: Bench) => Promise<void>

export interface Book {
  readonly outcomes: Outcome[]
  readonly figures: (Figure & { readonly suite: string })[]
}

export function benchFor(suite: string, machine: Machine, quick: boolean, book: Book): Bench {
  const note = (outcome: Omit<Outcome, 'suite'>) => {
    book.outcomes.push({ suite, ...outcome })
    const sign = { passed: '✓', failed: '✗', skipped: '-' }[outcome.status]
    console.log(`${sign} ${suite}: ${outcome.title} (${outcome.seconds} s)`)
    if (outcome.reason !== undefined) console.log(`    ${outcome.reason.replaceAll('\n', '\n    ')}`)
  }
  return {
    machine,
    quick,
    async check(title, body) {
      const began = Date.now()
      const seconds = () => Math.round((Date.now() - began) / 100) / 10
      try {
        await body()
        note({ title, status: 'passed', seconds: seconds() })
      } catch (error) {
        note({
          title,
          status: 'failed',
          seconds: seconds(),
          reason: error instanceof Error ? error.message : String(error),
        })
      }
    },
    skip: (title, reason) => note({ title, status: 'skipped', seconds: 0, reason }),
    figure(figure) {
      const { title, value, atLeast, atMost } = figure
      book.figures.push({ suite, ...figure })
      const goal =
        atLeast !== undefined ? `at least ${atLeast}` : atMost !== undefined ? `at most ${atMost}` : undefined
      const said = `${title}: ${Number(value.toPrecision(4))}`
      if (goal === undefined) return console.log(`  ${suite}: ${said}`)
      const reached = value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity)
      note({ title: said, status: reached ? 'passed' : 'failed', seconds: 0, reason: `goal: ${goal}` })
    },
  }
}
