/** What is to be done with each of many datasets, and the steps it takes: few commands, in an order that works. */
import type { Step } from '../../core/step.ts'
import { inheritProperties, type Setting, setProperties } from '../../freebsd/zfs-steps.ts'

/** Phases follow each other, for all datasets together. */
const PHASES = ['destroy', 'rename', 'key', 'create', 'settings', 'promote', 'mount', 'mode'] as const
type Phase = Exclude<(typeof PHASES)[number], 'settings'>

export type Looks = Readonly<Record<string, string>>

/** One dataset's part of a plan. */
export interface Work {
  readonly name: string
  /** Differs where it is renamed. */
  readonly formerName: string
  /** As a diff shows it: undefined where there is no such dataset. */
  readonly before: Looks | undefined
  readonly after: Looks | undefined
  readonly steps: readonly (readonly [Phase, Step])[]
  readonly settings: readonly Setting[]
  readonly inherited: readonly string[]
  /** Sentences: why it cannot be done, what must be there first, what to know. */
  readonly problems: readonly string[]
  readonly unmet: readonly string[]
  readonly warnings: readonly string[]
}

export type Draft = { -readonly [Key in keyof Work]: Work[Key] extends readonly (infer Item)[] ? Item[] : Work[Key] }

export const draft = (name: string): Draft => ({
  name,
  formerName: name,
  before: undefined,
  after: undefined,
  steps: [],
  settings: [],
  inherited: [],
  problems: [],
  unmet: [],
  warnings: [],
})

/** Equal changes of many datasets become one command; datasets come in the order of `works`. */
export function stepsOf(works: readonly Work[]): Step[] {
  return PHASES.flatMap(phase =>
    phase === 'settings'
      ? [
          ...setProperties(works.map(({ name, settings }) => [name, settings] as const)),
          ...inheritProperties(
            works.flatMap(({ name, inherited }) => inherited.map(property => [name, property] as const)),
          ),
        ]
      : works.flatMap(({ steps }) => steps.filter(([when]) => when === phase).map(([, step]) => step)),
  )
}

/** The outcome in a sentence. */
export function summarize(works: readonly Work[]): string {
  const count = (word: string, matches: (work: Work) => boolean) => {
    const datasets = works.filter(matches).length
    return datasets === 0 ? [] : [`${datasets} ${word}`]
  }
  const isBusy = ({ steps, settings, inherited }: Work) => steps.length + settings.length + inherited.length > 0
  const parts = [
    ...count('created', work => work.before === undefined && work.after !== undefined),
    ...count('changed', work => work.before !== undefined && work.after !== undefined && isBusy(work)),
    ...count('destroyed', work => work.before !== undefined && work.after === undefined),
  ]
  const all = works.length === 1 ? `the dataset ${works[0]?.name}` : `${works.length} datasets`
  return parts.length === 0 ? `${all}: as wanted` : `${all}: ${parts.join(', ')}`
}
