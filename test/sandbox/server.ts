/**
 * The resident process's side of client.py. A request is one block: length (32 bits, big-endian), then program, user id,
 * directory and arguments, a NUL between two. Answers are blocks too: one letter, length, content. `i` asks for standard
 * input, `o` and `e` are output, `x` is the exit status, `k` the signal to die of.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { constants } from 'node:os'
import { Hang, Killed, Missing, PowerCut } from '../imitation/faults.ts'
import type { Machine } from '../imitation/machine.ts'
import { readsStdin, run } from '../imitation/run.ts'

export interface Resident {
  readonly machine: Machine
  /** Puts the state on disk when it changed. */
  save(): void
  /** Ends everything at once. */
  losePower(): never
}

export function clientServer(resident: Resident): Server {
  // A client that waits for an answer has not closed, and one that sends input closes only its half.
  return createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => socket.destroy())
    answer(resident, socket).catch(error => {
      block(socket, 'e', `sandbox: this imitation broke, which is a bug in it: ${error.stack ?? error}\n`)
      block(socket, 'x', '70')
      socket.end()
    })
  })
}

async function answer({ machine, save, losePower }: Resident, socket: Socket): Promise<void> {
  const { words, rest } = await receiveRequest(socket)
  const [program = '', uid, cwd = '/', ...args] = words
  const input = wantsInput(program, args) ? await receiveInput(socket, rest) : Buffer.alloc(0)

  try {
    const outcome = await run(machine, program, { args, stdin: input, cwd, uid: Number(uid) })
    save()
    block(socket, 'o', outcome.stdout)
    block(socket, 'o', outcome.bytes ?? '')
    block(socket, 'e', outcome.stderr)
    if (outcome.endedBy !== undefined) block(socket, 'k', String(constants.signals[outcome.endedBy]))
    else block(socket, 'x', String(outcome.exit))
  } catch (error) {
    save()
    if (error instanceof PowerCut) losePower()
    if (error instanceof Hang) return void socket.resume().once('end', () => socket.destroy())
    if (error instanceof Killed) block(socket, 'k', String(constants.signals[error.signal as NodeJS.Signals]))
    else if (error instanceof Missing) {
      block(socket, 'e', `${program}: not found\n`)
      block(socket, 'x', '127')
    } else throw error
  }
  socket.end()
}

function block(socket: Socket, kind: string, content: string | Buffer): void {
  if (content.length === 0 || socket.destroyed) return
  const body = Buffer.from(content)
  const head = Buffer.alloc(5, kind)
  head.writeUInt32BE(body.length, 1)
  socket.write(Buffer.concat([head, body]))
}

/** zfs create reads a key only where the data set gets one of its own; else it leaves its caller's input alone. */
const wantsInput = (program: string, args: readonly string[]) =>
  readsStdin(program, args) && (args[0] !== 'create' || args.some(word => /^(encryption|keyformat)=/.test(word)))

async function receiveInput(socket: Socket, rest: Buffer): Promise<Buffer> {
  socket.write(Buffer.from([0x69, 0, 0, 0, 0]))
  const pieces = [rest]
  for await (const piece of socket.iterator({ destroyOnReturn: false })) pieces.push(piece)
  return Buffer.concat(pieces)
}

function receiveRequest(socket: Socket): Promise<{ words: string[]; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let size = 0
    const take = (piece: Buffer) => {
      pieces.push(piece)
      size += piece.length
      if (size < 4) return
      const received = Buffer.concat(pieces)
      const length = received.readUInt32BE(0)
      if (size < 4 + length) return
      socket.off('data', take)
      socket.pause()
      resolve({ words: received.toString('utf8', 4, 4 + length).split('\0'), rest: received.subarray(4 + length) })
    }
    socket.on('data', take)
    socket.once('close', () => reject(new Error('the client went away before it had asked')))
  })
}
