/**
 * The resident process's side of client.py. A request is one block: length (32 bits, big-endian), then program, user id
 * (with `u`: not to be counted), directory and arguments, a NUL between two. Answers are blocks too: one letter, length, content. `i` asks for standard
 * input, `o` and `e` are output, `x` is the exit status, `k` the signal to die of, `r` the command to become.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { constants } from 'node:os'
import { Hang, Killed, Missing, PowerCut } from '../imitation/faults.ts'
import type { Machine } from '../imitation/machine.ts'
import { readsStdin, run, runUncounted } from '../imitation/run.ts'

export interface Resident {
  readonly machine: Machine
  /** Between a shutdown and the boot after it. */
  isDown(): boolean
  /** Puts the state on disk when it changed. */
  save(): void
  /** Ends everything at once. */
  losePower(): never
}

/** `jid` is the jail whose processes ask here. */
export function clientServer(resident: Resident, jid?: number): Server {
  // A client that waits for an answer has not closed, and one that sends input closes only its half.
  return createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => socket.destroy())
    answer(resident, socket, jid).catch(error => {
      block(socket, 'e', `sandbox: this imitation broke, which is a bug in it: ${error.stack ?? error}\n`)
      block(socket, 'x', '70')
      socket.end()
    })
  })
}

async function answer({ machine, save, losePower }: Resident, socket: Socket, jid?: number): Promise<void> {
  const { words, rest } = await receiveRequest(socket)
  const [program = '', user = '', cwd = '/', ...given] = words
  const args = jid === undefined ? given : argumentsInJail(program, given, jid)
  if (args === undefined) return refuseInJail(socket, program, given)
  const input = wantsInput(program, args) ? await receiveInput(socket, rest) : Buffer.alloc(0)

  try {
    const start = user.endsWith('u') ? runUncounted : run
    const outcome = await start(machine, program, { args, stdin: input, cwd, uid: Number.parseInt(user, 10) })
    save()
    block(socket, 'o', outcome.stdout)
    block(socket, 'o', outcome.bytes ?? '')
    block(socket, 'e', outcome.stderr)
    if (outcome.become !== undefined) block(socket, 'r', outcome.become.join('\0'))
    else if (outcome.endedBy !== undefined) block(socket, 'k', String(constants.signals[outcome.endedBy]))
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

/** What a jail's processes may ask: about their own network stack, and what is the same everywhere. */
function argumentsInJail(program: string, args: string[], jid: number): string[] | undefined {
  if (program === 'ifconfig' || program === 'route') return ['-j', String(jid), ...args]
  return ['freebsd-version', 'kenv', 'sysctl', 'uname'].includes(program) ? args : undefined
}

function refuseInJail(socket: Socket, program: string, args: readonly string[]): void {
  if (program === 'service') block(socket, 'r', ['/bin/sh', '-c', SERVICE_IN_JAIL, 'service', ...args].join('\0'))
  else {
    block(socket, 'e', `${program}: Operation not permitted\n`)
    block(socket, 'x', '1')
  }
  socket.end()
}

/** service(8) of a jail starts the jail's own scripts. */
const SERVICE_IN_JAIL = `
for directory in /etc/rc.d /usr/local/etc/rc.d; do
  if [ -x "$directory/$1" ]; then
    script=$directory/$1
    shift
    exec "$script" "$@"
  fi
done
echo "$1 does not exist in /etc/rc.d or the local startup"
echo "directories (/usr/local/etc/rc.d), or is not executable"
exit 1`

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
