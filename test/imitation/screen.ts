/** What an imitated program writes to, and how it says that it does not know a flag. */
import type { Call, Imitation, Machine, Outcome } from './machine.ts'

export class Screen {
  stdout = ''
  stderr = ''

  out(text: string): void {
    this.stdout += text
  }

  err(text: string): void {
    this.stderr += text
  }
}

/** We do not know what the real program would do: sysexits' EX_USAGE and a name nobody can mistake for an answer. */
export class Unknown extends Error {}

/** The program ends here, having written its reason. */
export class Exit extends Error {
  readonly status: number

  constructor(status: number) {
    super(`exit ${status}`)
    this.status = status
  }
}

export type Program = (machine: Machine, call: Call, screen: Screen) => number

/** Turns a function that writes to a screen and returns an exit status into an imitation. */
export function imitation(name: string, program: Program): Imitation {
  return (machine, call): Outcome => {
    const screen = new Screen()
    try {
      return outcomeOf(name, screen, program(machine, call, screen))
    } catch (problem) {
      return outcomeOf(name, screen, problem)
    }
  }
}

/** How a program ended: with an exit status, or with what it threw. */
export function outcomeOf(name: string, screen: Screen, end: unknown): Outcome {
  if (end instanceof Unknown) return { exit: 64, stdout: '', stderr: `sandbox: ${name}: unknown ${end.message}\n` }
  const exit = end instanceof Exit ? end.status : end
  if (typeof exit !== 'number') throw end
  return { exit, stdout: screen.stdout, stderr: screen.stderr }
}

export interface Flags {
  /** Flags without an argument, in the order given. */
  readonly set: ReadonlySet<string>
  /** Arguments of flags that take one. */
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly operands: readonly string[]
}

/** getopt(3) as FreeBSD has it: flags end at the first operand. `spec` is getopt's, `long` maps long options to letters. */
export function getopt(args: readonly string[], spec: string, long: Readonly<Record<string, string>> = {}): Flags {
  const set = new Set<string>()
  const values = new Map<string, string[]>()
  const rest = [...args]
  while (rest[0]?.startsWith('-') && rest[0] !== '-') {
    const word = rest.shift() as string
    if (word === '--') break
    let letters = long[word] ?? (word.startsWith('--') ? unknownFlag(word) : word.slice(1))
    while (letters !== '') {
      const letter = letters[0] as string
      letters = letters.slice(1)
      const at = spec.indexOf(letter)
      if (at < 0 || letter === ':') unknownFlag(`-${letter}`)
      if (spec[at + 1] !== ':') {
        set.add(letter)
        continue
      }
      const value = letters === '' ? (rest.shift() ?? unknownFlag(`-${letter} without an argument`)) : letters
      values.set(letter, [...(values.get(letter) ?? []), value])
      letters = ''
    }
  }
  return { set, values, operands: rest }
}

function unknownFlag(flag: string): never {
  throw new Unknown(`flag ${flag}`)
}
