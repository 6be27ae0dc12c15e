/** Imitations that may wait for something (a server), or write what is no text. */
import type { Call, Imitation, Machine, Outcome } from './machine.ts'
import { outcomeOf, Screen } from './screen.ts'

export class ByteScreen extends Screen {
  readonly pieces: Buffer[] = []

  bytes(piece: Buffer): void {
    this.pieces.push(piece)
  }
}

export type ByteProgram = (machine: Machine, call: Call, screen: ByteScreen) => number | Promise<number>

/** `imitation` of screen.ts for such a program. */
export function byteImitation(name: string, program: ByteProgram): Imitation {
  return (machine, call) => {
    const screen = new ByteScreen()
    const end = (ended: unknown): Outcome => ({
      ...outcomeOf(name, screen, ended),
      ...(screen.pieces.length > 0 && { bytes: Buffer.concat(screen.pieces) }),
    })
    try {
      const ended = program(machine, call, screen)
      return ended instanceof Promise ? ended.then(end, end) : end(ended)
    } catch (problem) {
      return end(problem)
    }
  }
}
