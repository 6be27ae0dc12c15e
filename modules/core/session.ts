/** A command that is talked to while others run: it holds something, such as locks of a database, until it is told to let go. */
import type { Answer } from './host.ts'
import type { Command } from './step.ts'

export interface Opening {
  /** Written to its standard input. */
  readonly send: string
  /** The line on its standard output by which it says that it holds. */
  readonly ready: string
  /** How long that may take, and later the letting go. */
  readonly seconds: number
}

export interface Session {
  /** Whether it still runs, and so still holds. */
  readonly holds: boolean
  /** Sends the last words, and waits for its end. Throws `CommandFailed` where that is none, or no good one. */
  end(send: string): Promise<Answer>
}

/** Throws `CommandFailed` where the command ends, or time does, before it is ready; then nothing of it runs any more. */
export type Hold = (command: Command, opening: Opening) => Promise<Session>
