/** Imitations that wait for something (a server), or write what is no text. */
import type { Call, Imitation, Machine, Outcome } from './machine.ts'
import { Exit, Screen, Unknown } from './screen.ts'

export class ByteScreen extends Screen {
  readonly pieces: Buffer[] = []

  bytes(piece: Buffer): void {
    this.pieces.push(piece)
  }
}

export type WaitingProgram = (machine: Machine, call: Call, screen: ByteScreen) => Promise<number> | number

/** Turns a function that writes to a screen and returns an exit status into an imitation. */
export function waiting(name: string, program: WaitingProgram): Imitation {
  return async (machine, call): Promise<Outcome> => {
    const screen = new ByteScreen()
    let exit: number
    try {
      exit = await program(machine, call, screen)
    } catch (problem) {
      if (problem instanceof Unknown)
        return { exit: 64, stdout: '', stderr: `sandbox: ${name}: unknown ${problem.message}\n` }
      if (!(problem instanceof Exit)) throw problem
      exit = problem.status
    }
    const { stdout, stderr, pieces } = screen
    return { exit, stdout, stderr, ...(pieces.length > 0 && { bytes: Buffer.concat(pieces) }) }
  }
}
