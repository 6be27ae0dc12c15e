/**
 * Commands on this machine: started in a session of their own, heard up to a bound, and ended with all that they started.
 * What a command says can be a customer's word, so it is never more than fits, and never more work than to look away.
 */
import type { Readable } from 'node:stream'
import { setTimeout as after } from 'node:timers/promises'
import { execa, type Options, type Result, type ResultPromise } from 'execa'
import { CommandFailed, isSystemError } from './errors.ts'
import type { Command } from './step.ts'

/** Nothing of the caller's environment reaches a command: messages must be in English, and PATH must be the base system's. */
export const ENVIRONMENT = {
  PATH: '/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin',
  LC_ALL: 'C',
  HOME: '/',
}

/** Time for SIGTERM to work before SIGKILL, and after that before we stop waiting: a process in the kernel ignores both. */
const GRACE_MILLISECONDS = 5_000

type End = 'ignore' | 'pipe' | number

export interface Ends {
  readonly stdin: End
  readonly stdout: End
  /** A descriptor of ours that it holds open as long as it runs. */
  readonly holds?: number | undefined
}

export interface Running {
  readonly command: Command
  readonly child: Child
  /** Its exit status, once its output has ended too. Throws `CommandFailed` where it comes to none. */
  readonly ended: Promise<number>
  readonly isOver: boolean
}

/** Its streams are there where its ends are pipes; without a number it could not be started. */
type Child = Pick<ResultPromise, 'pid' | 'stdin' | 'stdout' | 'stderr'>

export function start(command: Command, { stdin, stdout, holds }: Ends): Running {
  const [program, ...args] = command
  const options: Options = {
    env: ENVIRONMENT,
    extendEnv: false,
    // A session of its own: a terminal that hangs up does not end a change halfway.
    detached: true,
    // Execa's types know of descriptors up to 9 alone.
    stdio: [stdin, stdout, 'pipe', ...(holds === undefined ? [] : [holds])] as NonNullable<Options['stdio']>,
    // What it says is read as it comes, up to a bound: `Heard`.
    buffer: false,
    reject: false,
  }
  const child = execa(program, args, options)
  let isOver = false
  const ended = child.then(result => {
    isOver = true
    return exitOf(command, result)
  })
  ended.catch(() => {})
  return {
    command,
    child: child as Child,
    ended,
    get isOver() {
      return isOver
    },
  }
}

function exitOf(command: Command, { exitCode, signal, code, originalMessage }: Result): number {
  if (exitCode !== undefined) return exitCode
  if (signal !== undefined) throw CommandFailed.killed(command, signal)
  throw code === 'ENOENT'
    ? CommandFailed.missing(command)
    : new CommandFailed(`'${command[0]}' could not be started: ${originalMessage}`)
}

/** Why it did not succeed, with what it said; undefined where it did. */
export async function problemOf(
  { command, ended }: Running,
  { stdout, stderr }: Omit<Said, 'flooded'>,
): Promise<CommandFailed | undefined> {
  try {
    const exit = await ended
    const answer = { exit, stdout: stdout?.text() ?? '', stderr: stderr?.text() ?? '' }
    return exit === 0 ? undefined : CommandFailed.exited(command, answer)
  } catch (error) {
    if (error instanceof CommandFailed) return error
    throw error
  }
}

const LATE = Symbol('late')

/** What comes of it, or undefined where that takes longer. */
export async function within<T>(milliseconds: number, what: Promise<T>): Promise<{ readonly value: T } | undefined> {
  const over = new AbortController()
  const late = after(milliseconds, LATE, { ref: false, signal: over.signal }).catch(() => LATE)
  try {
    const value = await Promise.race([what, late])
    return value === LATE ? undefined : { value: value as T }
  } finally {
    over.abort()
  }
}

/**
 * Ends the commands' whole process groups, since what they started would keep their output open, and does not wait longer
 * than the grace. Returns whether they have ended.
 */
export async function end(...all: readonly Running[]): Promise<boolean> {
  const over = Promise.allSettled(all.map(({ ended }) => ended))
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const each of all) signalTo(each, signal)
    if ((await within(GRACE_MILLISECONDS, over)) !== undefined) return true
  }
  // Whoever has gone into a group of its own meets a closed pipe.
  for (const { child } of all) for (const stream of [child.stdout, child.stderr]) stream?.destroy()
  return false
}

/** To its whole group. One of several may have ended by itself. */
export function signalTo({ child }: Running, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error
  }
}

export interface Said {
  readonly stdout?: Heard | undefined
  readonly stderr?: Heard | undefined
  /** Comes when it has said more than was to be heard, and all of it was. */
  readonly flooded: Promise<undefined>
}

/**
 * Both outputs of a command, up to `most` bytes of each. `whole`: one that says more is not listened to any longer. `ends`:
 * the first and the last of it are kept.
 */
export function hear({ child }: Running, most: number, what: 'whole' | 'ends'): Said {
  let flood = () => {}
  const flooded = new Promise<undefined>(resolve => {
    flood = () => resolve(undefined)
  })
  const [stdout, stderr] = [child.stdout, child.stderr].map(stream =>
    stream ? new Heard(stream, most, what === 'whole' ? flood : undefined) : undefined,
  )
  return { stdout, stderr, flooded }
}

/** What it complains of, the first and the last of it; its other output is somebody else's. */
export const hearComplaints = ({ child }: Running, most: number): Heard | undefined =>
  child.stderr ? new Heard(child.stderr, most, undefined) : undefined

/** Between looks at an output of which enough is known: 64 KiB each, so that whoever never ends costs next to nothing. */
const LOOKING_AWAY_MILLISECONDS = 5

export class Heard {
  readonly #first: Buffer[] = []
  readonly #last: Buffer[] = []
  readonly #half: number
  #firstBytes = 0
  #lastBytes = 0
  #left = 0

  constructor(stream: Readable, most: number, tooMuch: (() => void) | undefined) {
    this.#half = tooMuch === undefined ? most / 2 : most
    stream.on('data', (piece: Buffer) => {
      const isBeyond = this.#take(piece) > most
      if (!isBeyond) return
      if (tooMuch === undefined) {
        stream.pause()
        setTimeout(() => stream.resume(), LOOKING_AWAY_MILLISECONDS)
      } else {
        stream.destroy()
        tooMuch()
      }
    })
    // A pipe that breaks is told by how the command ends.
    stream.on('error', () => {})
  }

  /** Returns how much there was in all. */
  #take(piece: Buffer): number {
    const room = this.#half - this.#firstBytes
    if (room > 0) {
      this.#first.push(piece.subarray(0, room))
      this.#firstBytes += Math.min(room, piece.length)
    }
    const rest = piece.subarray(Math.max(room, 0))
    if (rest.length > 0) {
      this.#last.push(rest)
      this.#lastBytes += rest.length
    }
    for (let oldest = this.#last[0]; oldest !== undefined && this.#lastBytes - oldest.length >= this.#half; ) {
      this.#last.shift()
      this.#lastBytes -= oldest.length
      this.#left += oldest.length
      oldest = this.#last[0]
    }
    return this.#firstBytes + this.#lastBytes + this.#left
  }

  text(encoding: 'utf8' | 'latin1' = 'utf8'): string {
    const between = this.#left === 0 ? [] : [Buffer.from(`\n[${this.#left} bytes are left out here]\n`)]
    return Buffer.concat([...this.#first, ...between, ...this.#last]).toString(encoding)
  }
}
