/** The real host: this machine. The only file that starts processes; the file system is files.ts. */
import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as after } from 'node:timers/promises'
import { execa } from 'execa'
import { CommandFailed, isSystemError, LockHeld, NotPermitted } from './errors.ts'
import { change, listNames, readText, statusOf } from './files.ts'
import type { Answer, Host, QueryOptions } from './host.ts'
import type { Command, Step } from './step.ts'

export interface Limits {
  /** How long a command may take when its step says nothing else. */
  readonly commandTimeoutSeconds: number
  /** How long to wait for another run's lock. */
  readonly lockWaitSeconds: number
  readonly lockPath: string
}

const LIMITS: Limits = { commandTimeoutSeconds: 600, lockWaitSeconds: 60, lockPath: '/var/run/bluejail.lock' }

/** Nothing of the caller's environment reaches a command: messages must be in English, and PATH must be the base system's. */
const ENVIRONMENT = {
  PATH: '/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin',
  LC_ALL: 'C',
  HOME: '/',
}

const LOCK_POLL_MILLISECONDS = 250
/** Time for SIGTERM to work before SIGKILL, and after that before we stop waiting: a process in the kernel ignores both. */
const GRACE_MILLISECONDS = 5_000
const MOST_OUTPUT_BYTES = 1 << 30

/** open(2) of FreeBSD: "Atomically obtain an exclusive lock". Node names only what Linux has too. */
const O_EXLOCK = 0x20

export function localHost(limits: Partial<Limits> = {}): Host {
  const { commandTimeoutSeconds, lockWaitSeconds, lockPath } = { ...LIMITS, ...limits }

  async function answer(command: Command, input: string | undefined, seconds: number): Promise<Answer> {
    const [program, ...args] = command
    const running = execa(program, args, {
      env: ENVIRONMENT,
      extendEnv: false,
      reject: false,
      stripFinalNewline: false,
      maxBuffer: MOST_OUTPUT_BYTES,
      // A session of its own: a terminal that hangs up does not end a change halfway.
      detached: true,
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
    })
    const outcome = await withinTime(running, running.pid, seconds)
    if (outcome === undefined) throw CommandFailed.timedOut(command, seconds)
    if (outcome.code === 'ENOENT') throw CommandFailed.missing(command)
    if (outcome.signal !== undefined) throw CommandFailed.killed(command, outcome.signal)
    if (outcome.exitCode === undefined)
      throw new CommandFailed(`'${program}' could not be started: ${outcome.shortMessage}`)
    return { exit: outcome.exitCode, stdout: outcome.stdout, stderr: outcome.stderr }
  }

  return {
    async query(command: Command, { exits = [0] }: QueryOptions = {}) {
      const given = await answer(command, undefined, commandTimeoutSeconds)
      if (!exits.includes(given.exit)) throw CommandFailed.exited(command, given)
      return given
    },

    read: readText,
    status: statusOf,
    list: listNames,

    async perform(step: Step) {
      if (step.kind !== 'run') return change(step)
      const given = await answer(step.command, step.input, step.timeoutSeconds ?? commandTimeoutSeconds)
      if (given.exit !== 0) throw CommandFailed.exited(step.command, given)
    },

    async lock(holder: string) {
      const deadline = Date.now() + lockWaitSeconds * 1000
      for (;;) {
        try {
          const file = await open(
            lockPath,
            constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | O_EXLOCK,
            0o644,
          )
          await file.truncate()
          await file.write(`${holder}\n`, 0)
          return () => file.truncate().finally(() => file.close())
        } catch (error) {
          if (isSystemError(error, 'EACCES', 'EPERM', 'EROFS')) throw new NotPermitted(lockPath, error)
          if (!isSystemError(error, 'EAGAIN', 'EWOULDBLOCK')) throw error
          if (Date.now() >= deadline)
            throw new LockHeld(lockPath, (await readFile(lockPath, 'utf8')).trim(), lockWaitSeconds)
          await after(LOCK_POLL_MILLISECONDS)
        }
      }
    },
  }
}

/**
 * What `running` becomes, or undefined where time ran out. Ends the command's whole process group, since what it started
 * would keep its output open, and does not wait longer than the grace: a process in the kernel ignores every signal.
 */
async function withinTime<T>(running: Promise<T>, pid: number | undefined, seconds: number): Promise<T | undefined> {
  const over = new AbortController()
  const orLate = (milliseconds: number) => {
    const late = after(milliseconds, undefined, { ref: false, signal: over.signal }).catch(() => undefined)
    return Promise.race([running, late])
  }
  try {
    const outcome = await orLate(seconds * 1000)
    if (outcome !== undefined || pid === undefined) return outcome
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      process.kill(-pid, signal)
      if ((await orLate(GRACE_MILLISECONDS)) !== undefined) break
    }
    return undefined
  } finally {
    over.abort()
  }
}
