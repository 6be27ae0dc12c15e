/**
 * Much data from one command to another. The two are joined by a pipe of the kernel's, so that no byte comes through this
 * process; only a limit in bytes a second needs that.
 */
import { execFile, spawn } from 'node:child_process'
import { closeSync, constants, openSync, read, write } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as after } from 'node:timers/promises'
import { promisify } from 'node:util'
import { CommandFailed, isSystemError } from './errors.ts'
import { ENVIRONMENT, hearComplaints, problemOf, type Running, signalTo, start } from './processes.ts'
import type { Command } from './step.ts'

export interface Flow {
  /** Of several at a time: what all that share it take together. */
  readonly throttle?: Throttle
  /** Ends both commands. */
  readonly ending?: AbortSignal
}

/** Succeeds when both commands do; otherwise says what both said. */
export type Transfer = (from: Command, to: Command, flow?: Flow) => Promise<void>

export const transferHere: Transfer = async (from, to, { throttle, ending } = {}) => {
  const join = throttle === undefined ? await kernelPipe() : undefined
  let writer: Running | undefined
  let reader: Running | undefined
  const stop = () => {
    for (const each of [writer, reader]) if (each !== undefined) signalTo(each, 'SIGTERM')
  }
  try {
    reader = start(to, { stdin: join?.reads ?? 'pipe', stdout: 'ignore' })
    writer = start(from, { stdin: 'ignore', stdout: join?.writes ?? 'pipe' })
  } finally {
    // Held open here, the reader would never see the end.
    join?.close()
  }
  ending?.addEventListener('abort', stop)
  try {
    const [stdout, stdin] = [writer.child.stdout, reader.child.stdin]
    const flow =
      throttle !== undefined && stdout && stdin
        ? // One that gives up takes the other along; how they ended tells why.
          pipeline(stdout, limited(throttle), stdin).catch(() => {})
        : undefined
    const outcomes = await Promise.all([complaint(writer), complaint(reader), flow])
    const problems = [outcomes[0], outcomes[1]].filter(each => each !== undefined)
    if (problems.length > 0) throw new CommandFailed(problems.map(({ message }) => message).join(' / '))
  } finally {
    ending?.removeEventListener('abort', stop)
  }
}

/** Of what each complains of, this much is kept. */
const MOST_SAID_BYTES = 32_768

const complaint = (running: Running) => problemOf(running, { stderr: hearComplaints(running, MOST_SAID_BYTES) })

/** Both ends of a new pipe. Node makes none for two children, so it is a named one that loses its name. */
async function kernelPipe() {
  const directory = await mkdtemp(join(tmpdir(), 'bluejail-'))
  try {
    const path = join(directory, 'pipe')
    await promisify(execFile)('mkfifo', ['-m', '600', path], { env: ENVIRONMENT })
    // The reading end alone does not wait for another one to be opened. The child gets it blocking: libuv sees to that.
    const reads = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const writes = openSync(path, constants.O_WRONLY)
    return {
      reads,
      writes,
      close() {
        closeSync(reads)
        closeSync(writes)
      },
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** So many milliseconds these bytes have to wait, once those before them have gone. */
export type Throttle = (bytes: number) => number

/** What was not used for longer than this is lost: after a silence not more goes at once than in so much time. */
const BURST_MILLISECONDS = 250

/** For so many bytes in a second, whoever sends them. */
export function throttleTo(bytesPerSecond: number, now: () => number = Date.now): Throttle {
  let booked = Number.NEGATIVE_INFINITY
  return bytes => {
    const at = now()
    booked = Math.max(booked, at - BURST_MILLISECONDS) + (bytes / bytesPerSecond) * 1000
    return Math.max(0, booked - at)
  }
}

const limited = (throttle: Throttle) =>
  new Transform({
    async transform(chunk: Buffer, _encoding, next) {
      const early = throttle(chunk.length)
      if (early > 1) await after(early)
      next(null, chunk)
    },
  })

const OWN_INPUT = 0

/** So many bytes of this process's own input, and fewer only where it ends. */
export async function readInput(bytes: number): Promise<Buffer> {
  const found = Buffer.alloc(bytes)
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await promisify(read)(OWN_INPUT, found, filled, bytes - filled, null)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return found.subarray(0, filled)
}

/**
 * Runs a command with this process's own input and output, and returns its exit status. What has been read of the input
 * already comes first; the rest goes from one descriptor to the other by cat(1), and not through this process.
 */
export async function inPlace(command: Command, head?: Buffer): Promise<number> {
  if (head === undefined) return launch(command, 'inherit', 'inherit').status
  const join = await kernelPipe()
  const { status } = launch(command, join.reads, 'inherit')
  closeSync(join.reads)
  let rest: Launched | undefined
  try {
    await writeAll(join.writes, head)
    rest = launch(['cat'], 'inherit', join.writes)
    rest.status.catch(() => {})
  } catch (error) {
    // Who gives up early says why by how it ends.
    if (!isSystemError(error, 'EPIPE')) throw error
  } finally {
    closeSync(join.writes)
  }
  return status.finally(() => rest?.child.kill())
}

/** Waits where the pipe is full. */
async function writeAll(descriptor: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; )
    at += (await promisify(write)(descriptor, bytes, at, bytes.length - at, null)).bytesWritten
}

interface Launched {
  readonly child: ReturnType<typeof spawn>
  readonly status: Promise<number>
}

function launch(command: Command, stdin: 'inherit' | number, stdout: 'inherit' | number): Launched {
  const child = spawn(command[0], command.slice(1), { env: ENVIRONMENT, stdio: [stdin, stdout, 'inherit'] })
  const status = new Promise<number>((resolve, reject) => {
    child.on('error', error =>
      reject('code' in error && error.code === 'ENOENT' ? CommandFailed.missing(command) : error),
    )
    child.on('close', (code, signal) => resolve(signal === null ? (code ?? 1) : 1))
  })
  return { child, status }
}
