/**
 * A program that a module installs on a host, to be run there by cron(8), at boot or by hand, without Ansible. Its exit
 * status is 0 where all is well, 1 where something needs a look, 2 where it could not do its work.
 */
import { isExplained } from './errors.ts'
import type { Host } from './host.ts'
import { localHost } from './local-host.ts'
import { holdHere } from './local-session.ts'
import { describeHolder, writeAll } from './program.ts'
import type { Hold } from './session.ts'

export type ExitStatus = 0 | 1 | 2

export interface Surroundings {
  /** What stands after the program's name. */
  readonly args: readonly string[]
  /** Its lock is the program's own, and is not waited for. */
  readonly host: Host
  readonly hold: Hold
  readonly now: () => Date
  /** For messages to others about who holds the lock. */
  readonly holder: string
  /** A line for standard output. */
  readonly say: (line: string) => void
  /** A line for standard error. */
  readonly complain: (line: string) => void
  /** Somebody wants the program to end: it brings what it has begun to an end, and begins nothing more. */
  readonly ending: AbortSignal
}

export interface HostProgram {
  /** Its file's name here and on the host. */
  readonly name: string
  /** One line without a full stop. */
  readonly summary: string
  readonly usage: string
  /** It changes what modules change: it waits for their lock, and takes that. */
  readonly sharesLock?: true
  readonly main: (around: Surroundings) => Promise<ExitStatus>
}

/** Returns its argument; the call is there for type inference. */
export const defineProgram = (program: HostProgram): HostProgram => program

/** A second run of the same program does not wait: cron would pile them up. */
export const lockOf = (name: string) => `/var/run/bluejail-${name}.lock`

/** The command line was not understood. */
export class WrongUsage extends Error {}

/** Runs a program as the whole process, and ends it. */
export async function runHostProgram(program: HostProgram, args: readonly string[]): Promise<never> {
  // A terminal that hangs up and a reader that went away must not end a change halfway.
  process.on('SIGHUP', () => {})
  process.removeAllListeners('warning')
  const ending = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ending.abort())

  const host = program.sharesLock ? localHost() : localHost({ lockPath: lockOf(program.name), lockWaitSeconds: 0 })
  process.exit(
    await outcomeOf(program, {
      args,
      host,
      hold: holdHere,
      now: () => new Date(),
      holder: describeHolder(program.name),
      say: line => writeAll(Buffer.from(`${line}\n`)),
      complain: line => writeAll(Buffer.from(`${line}\n`), 2),
      ending: ending.signal,
    }),
  )
}

/** The program's exit status, whatever happens. */
export async function outcomeOf(program: HostProgram, around: Surroundings): Promise<ExitStatus> {
  const { args, say, complain } = around
  if (args.some(word => word === '--help' || word === '-h')) {
    say(`${program.name}: ${program.summary}\n\n${program.usage}`)
    return 0
  }
  try {
    return await program.main(around)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof WrongUsage) complain(`${program.name}: ${message}\n${program.usage}`)
    else if (isExplained(error)) complain(`${program.name}: ${message}`)
    else complain(`${program.name} has a bug, please report it: ${error instanceof Error ? error.stack : message}`)
    return 2
  }
}
