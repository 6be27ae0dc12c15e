/** What this run has tried so far: whether a start failed cannot be read from the host afterwards. */
import type { Answer } from '../../core/host.ts'
import type { Done } from '../../core/perform.ts'
import { describeStep, type Step } from '../../core/step.ts'

export class History {
  readonly #byWords = new Map<string, Done[]>()

  constructor(done: readonly Done[]) {
    for (const one of done) {
      const words = describeStep(one.step)
      this.#byWords.set(words, [...(this.#byWords.get(words) ?? []), one])
    }
  }

  tries(step: Step): number {
    return this.#byWords.get(describeStep(step))?.length ?? 0
  }

  setbacks(step: Step): Answer[] {
    return (this.#byWords.get(describeStep(step)) ?? []).flatMap(({ setback }) => setback ?? [])
  }
}

/** What a command complained of, in one line. */
export const complaint = ({ exit, stderr }: Answer): string =>
  stderr
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
    .slice(-5)
    .join(' / ')
    .slice(0, 1_000) || `exit status ${exit}, without a word`
