/** The real host: this machine. Its processes are in processes.ts, its file system in files.ts. */
import { constants } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { setTimeout as after } from 'node:timers/promises'
import { CommandFailed, isSystemError, LockHeld, NotPermitted } from './errors.ts'
import { change, digestOf, listNames, readBytes, readText, statusOf } from './files.ts'
import type { Answer, Host, QueryOptions } from './host.ts'
import { contact } from './network.ts'
import { end, hear, hearComplaints, problemOf, type Running, start, within } from './processes.ts'
import { type Command, describeCommand, type PipeStep, type Step } from './step.ts'

export interface Limits {
  /** How long a command may take when its step says nothing else. */
  readonly commandTimeoutSeconds: number
  /** How long to wait for another run's lock. */
  readonly lockWaitSeconds: number
  readonly lockPath: string
}

const LIMITS: Limits = { commandTimeoutSeconds: 600, lockWaitSeconds: 60, lockPath: '/var/run/bluejail.lock' }

/** Of an answer that has to be whole. Node has no string of more than twice that. */
const MOST_ANSWERED_BYTES = 256 << 20
/** Of what is only shown, or looked through for a line. */
const MOST_SHOWN_BYTES = 1 << 20

const LOCK_POLL_MILLISECONDS = 250

/** open(2) of FreeBSD: "Atomically obtain an exclusive lock". Node names only what Linux has too. */
const O_EXLOCK = 0x20

interface Asking {
  readonly input?: string | undefined
  readonly encoding?: 'latin1' | undefined
  readonly seconds: number
  /** More is a failure. Undefined where all of it is only shown. */
  readonly mostBytes?: number | undefined
  readonly holds?: number | undefined
}

export function localHost(limits: Partial<Limits> = {}): Host {
  const { commandTimeoutSeconds, lockWaitSeconds, lockPath: wholeLock } = { ...LIMITS, ...limits }
  /** The descriptor of the host's lock, while it is ours. */
  let lock: number | undefined
  /** What has the lock from us and did not end, not even when it was killed. */
  const stuck: Running[] = []

  async function answer(command: Command, { input, encoding, seconds, mostBytes, holds }: Asking): Promise<Answer> {
    const running = start(command, { stdin: input === undefined ? 'ignore' : 'pipe', stdout: 'pipe', holds })
    const { stdout, stderr, flooded } = hear(
      running,
      mostBytes ?? MOST_SHOWN_BYTES,
      mostBytes === undefined ? 'ends' : 'whole',
    )
    running.child.stdin?.end(input)
    const outcome = await within(seconds * 1000, Promise.race([running.ended, flooded]))
    if (outcome?.value !== undefined)
      return { exit: outcome.value, stdout: stdout?.text(encoding) ?? '', stderr: stderr?.text() ?? '' }
    if (!(await end(running)) && holds !== undefined) stuck.push(running)
    if (outcome === undefined) throw CommandFailed.timedOut(command, seconds)
    throw CommandFailed.saidTooMuch(command, mostBytes ?? 0)
  }

  async function throughPipe({ from, to, timeoutSeconds: seconds = commandTimeoutSeconds, bears }: PipeStep) {
    const reader = start(to, { stdin: 'pipe', stdout: 'pipe' })
    const writer = start(from, { stdin: 'ignore', stdout: 'pipe' })
    const [stdout, stdin] = [writer.child.stdout, reader.child.stdin]
    // One that gives up takes the other along; how they ended tells why.
    const flow = stdout && stdin ? pipeline(stdout, stdin).catch(() => {}) : undefined
    const problems = Promise.all([
      problemOf(writer, { stderr: hearComplaints(writer, MOST_SHOWN_BYTES) }),
      problemOf(reader, hear(reader, MOST_SHOWN_BYTES, 'ends')),
      flow,
    ])
    const outcome = await within(seconds * 1000, problems)
    if (outcome === undefined) {
      await end(writer, reader)
      throw CommandFailed.timedOut(from, seconds, bears?.holdUp)
    }
    const [ofWriter, ofReader] = outcome.value
    const told = [ofWriter, ofReader].filter(each => each !== undefined)
    if (told.length > 0) throw new CommandFailed(told.map(({ message }) => message).join(' / '))
  }

  return {
    async query(command: Command, options: QueryOptions = {}) {
      const { exits = [0], input, encoding, timeoutSeconds: seconds = commandTimeoutSeconds } = options
      const mostBytes = options.isOnlyShown ? undefined : (options.mostBytes ?? MOST_ANSWERED_BYTES)
      const given = await answer(command, { input, encoding, seconds, mostBytes })
      if (!exits.includes(given.exit)) throw CommandFailed.exited(command, given)
      return given
    },

    read: readText,
    bytes: readBytes,
    digest: digestOf,
    contact,
    status: statusOf,
    list: listNames,

    async perform(step: Step) {
      if (step.kind === 'pipe') return throughPipe(step)
      if (step.kind !== 'run') return change(step)
      const given = await answer(step.command, {
        input: step.input,
        seconds: step.timeoutSeconds ?? commandTimeoutSeconds,
        holds: step.keepsLock ? lock : undefined,
      })
      CommandFailed.check(step, given)
    },

    async lock(holder: string, of?: string) {
      const lockPath = of === undefined ? wholeLock : wholeLock.replace(/(\.lock)?$/, `-${of}.lock`)
      const deadline = Date.now() + lockWaitSeconds * 1000
      for (;;) {
        try {
          const file = await open(
            lockPath,
            constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | O_EXLOCK,
            0o644,
          )
          await writeInto(file, holder)
          if (of === undefined) lock = file.fd
          return async () => {
            if (of === undefined) lock = undefined
            await writeInto(file, stuck.length === 0 ? '' : describeStuck(stuck, holder)).finally(() => file.close())
          }
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

async function writeInto(file: FileHandle, holder: string): Promise<void> {
  await file.truncate()
  if (holder !== '') await file.write(`${holder}\n`, 0)
}

/** The lock is theirs now. */
const describeStuck = (stuck: readonly Running[], holder: string) =>
  `${stuck.map(({ command, child }) => `'${describeCommand(command)}' (process ${child?.pid})`).join(', ')}, begun by ${holder}, which could not end it`
