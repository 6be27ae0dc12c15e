/** The real host: this machine. The only file that starts processes; the file system is files.ts. */
import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as after } from 'node:timers/promises'
import { execa, type Result, type ResultPromise } from 'execa'
import { CommandFailed, isSystemError, LockHeld, NotPermitted } from './errors.ts'
import { change, listNames, readBytes, readText, statusOf } from './files.ts'
import type { Answer, Host, QueryOptions } from './host.ts'
import { contact } from './network.ts'
import type { Command, PipeStep, Step } from './step.ts'

export interface Limits {
  /** How long a command may take when its step says nothing else. */
  readonly commandTimeoutSeconds: number
  /** How long to wait for another run's lock. */
  readonly lockWaitSeconds: number
  readonly lockPath: string
}

const LIMITS: Limits = { commandTimeoutSeconds: 600, lockWaitSeconds: 60, lockPath: '/var/run/bluejail.lock' }

/** Nothing of the caller's environment reaches a command: messages must be in English, and PATH must be the base system's. */
export const ENVIRONMENT = {
  PATH: '/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin',
  LC_ALL: 'C',
  HOME: '/',
}

const STARTING = {
  env: ENVIRONMENT,
  extendEnv: false,
  reject: false,
  stripFinalNewline: false,
  maxBuffer: 1 << 30,
  // A session of its own: a terminal that hangs up does not end a change halfway.
  detached: true,
} as const

const LOCK_POLL_MILLISECONDS = 250
/** Time for SIGTERM to work before SIGKILL, and after that before we stop waiting: a process in the kernel ignores both. */
export const GRACE_MILLISECONDS = 5_000

/** open(2) of FreeBSD: "Atomically obtain an exclusive lock". Node names only what Linux has too. */
const O_EXLOCK = 0x20

export function localHost(limits: Partial<Limits> = {}): Host {
  const { commandTimeoutSeconds, lockWaitSeconds, lockPath } = { ...LIMITS, ...limits }

  async function answer(
    command: Command,
    input: string | undefined,
    seconds: number,
    encoding?: 'latin1',
  ): Promise<Answer> {
    const running = execa(command[0], command.slice(1), {
      ...STARTING,
      ...(encoding === undefined ? {} : { encoding }),
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
    })
    const outcome = await withinTime(running, [running.pid], seconds)
    if (outcome === undefined) throw CommandFailed.timedOut(command, seconds)
    return given(command, outcome)
  }

  async function throughPipe({ from, to, timeoutSeconds: seconds = commandTimeoutSeconds }: PipeStep): Promise<void> {
    const source = execa(from[0], from.slice(1), { ...STARTING, stdin: 'ignore', buffer: { stdout: false } })
    const sink = execa(to[0], to.slice(1), STARTING)
    // Execa's types do not know its own subprocess under exactOptionalPropertyTypes.
    const flow = source.pipe(sink as unknown as ResultPromise)
    const outcomes = await withinTime(Promise.all([source, sink, flow]), [source.pid, sink.pid], seconds)
    if (outcomes === undefined) throw CommandFailed.timedOut(from, seconds)
    const problems = [problemOf(from, outcomes[0]), problemOf(to, outcomes[1])].filter(each => each !== undefined)
    // A reader that gives up takes the writer along, so both are told.
    if (problems.length > 0) throw new CommandFailed(problems.map(({ message }) => message).join(' / '))
  }

  return {
    async query(
      command: Command,
      { exits = [0], input, timeoutSeconds = commandTimeoutSeconds, encoding }: QueryOptions = {},
    ) {
      const given = await answer(command, input, timeoutSeconds, encoding)
      if (!exits.includes(given.exit)) throw CommandFailed.exited(command, given)
      return given
    },

    read: readText,
    bytes: readBytes,
    contact,
    status: statusOf,
    list: listNames,

    async perform(step: Step) {
      if (step.kind === 'pipe') return throughPipe(step)
      if (step.kind !== 'run') return change(step)
      const given = await answer(step.command, step.input, step.timeoutSeconds ?? commandTimeoutSeconds)
      CommandFailed.check(step, given)
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

/** What of a command's end decides. */
type Outcome = Pick<Result, 'code' | 'signal' | 'exitCode' | 'shortMessage'> & { stdout?: unknown; stderr?: unknown }

function given(command: Command, outcome: Outcome): Answer {
  if (outcome.code === 'ENOENT') throw CommandFailed.missing(command)
  if (outcome.signal !== undefined) throw CommandFailed.killed(command, outcome.signal)
  if (outcome.exitCode === undefined)
    throw new CommandFailed(`'${command[0]}' could not be started: ${outcome.shortMessage}`)
  const { exitCode: exit, stdout = '', stderr = '' } = outcome
  return { exit, stdout: stdout as string, stderr: stderr as string }
}

function problemOf(command: Command, outcome: Outcome): CommandFailed | undefined {
  try {
    const answer = given(command, outcome)
    return answer.exit === 0 ? undefined : CommandFailed.exited(command, answer)
  } catch (error) {
    if (error instanceof CommandFailed) return error
    throw error
  }
}

/**
 * What `running` becomes, or undefined where time ran out. Ends the command's whole process group, since what it started
 * would keep its output open, and does not wait longer than the grace: a process in the kernel ignores every signal.
 */
async function withinTime<T>(
  running: Promise<T>,
  pids: readonly (number | undefined)[],
  seconds: number,
): Promise<T | undefined> {
  const groups = pids.filter(pid => pid !== undefined)
  const over = new AbortController()
  const orLate = (milliseconds: number) => {
    const late = after(milliseconds, undefined, { ref: false, signal: over.signal }).catch(() => undefined)
    return Promise.race([running, late])
  }
  try {
    const outcome = await orLate(seconds * 1000)
    if (outcome !== undefined || groups.length === 0) return outcome
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      for (const group of groups) endGroup(group, signal)
      if ((await orLate(GRACE_MILLISECONDS)) !== undefined) break
    }
    return undefined
  } finally {
    over.abort()
  }
}

/** One of two may have ended by itself. */
export function endGroup(group: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-group, signal)
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error
  }
}
