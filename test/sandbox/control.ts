/** What tests and the command line ask of a running sandbox host: one JSON object a connection, one in return. */
import { spawn } from 'node:child_process'
import { createConnection, createServer, type Server } from 'node:net'
import { constants } from 'node:os'
import type { Fault } from '../imitation/faults.ts'
import type { State } from '../imitation/state.ts'
import { inHostStack } from './network.ts'
import { PATH } from './programs.ts'
import type { Resident } from './server.ts'

/** `when` as words, since a function does not travel: the arguments must include them all. */
type Sent<F> = F extends { kind: string } ? Omit<F, 'when'> & { readonly withArguments?: readonly string[] } : never
export type OrderedFault = Sent<Fault>

export interface ShellOutcome {
  /** 128 and the signal's number where one ended it, as sh(1) has it. */
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

export type Request =
  | { readonly ask: 'counts' | 'state' | 'resetCounts' | 'clearFaults' }
  | { readonly ask: 'fault'; readonly fault: OrderedFault }
  | { readonly ask: 'cutPowerAfter'; readonly changes: number }
  | { readonly ask: 'setSysctl'; readonly name: string; readonly value: string }
  | { readonly ask: 'shell'; readonly command: string; readonly input?: string }

export interface Replies {
  counts: Record<string, number>
  state: State
  shell: ShellOutcome
}
export type Reply<R extends Request> = R['ask'] extends keyof Replies ? Replies[R['ask']] : null

export interface Programs {
  /** Takes the program's file away, so that not even exec(2) finds it. */
  hide(program: string): void
  showAll(): void
}

export function controlServer(resident: Resident, programs: Programs): Server {
  return createServer({ allowHalfOpen: true }, async socket => {
    socket.on('error', () => socket.destroy())
    if (resident.isDown()) return void socket.destroy()
    const pieces: Buffer[] = []
    for await (const piece of socket.iterator({ destroyOnReturn: false })) pieces.push(piece)
    try {
      const request = JSON.parse(Buffer.concat(pieces).toString()) as Request
      socket.end(JSON.stringify({ reply: await obey(request, resident, programs) }))
    } catch (error) {
      socket.end(JSON.stringify({ failed: String(error) }))
    }
  })
}

async function obey(request: Request, { machine, save }: Resident, programs: Programs): Promise<unknown> {
  switch (request.ask) {
    case 'counts':
      return machine.counts
    case 'resetCounts':
      for (const program of Object.keys(machine.counts)) delete machine.counts[program]
      return null
    case 'state':
      return machine.toJSON()
    case 'fault': {
      const { withArguments = [], ...fault } = request.fault
      if (fault.kind === 'missing' && withArguments.length === 0 && fault.times === undefined)
        programs.hide(fault.program)
      else machine.fault({ ...fault, when: args => withArguments.every(word => args.includes(word)) } as Fault)
      return null
    }
    case 'clearFaults':
      machine.faults.length = 0
      programs.showAll()
      return null
    case 'cutPowerAfter':
      machine.cutPowerAfter(request.changes)
      return null
    case 'setSysctl':
      machine.state.sysctls[request.name] = request.value
      machine.changed()
      save()
      return null
    case 'shell':
      return shell(request.command, request.input ?? '')
  }
}

/** As a login of root has it. */
const ENVIRONMENT = { PATH, HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: '/bin/sh' }

function shell(command: string, input: string): Promise<ShellOutcome> {
  return new Promise((resolve, reject) => {
    const [program, ...args] = inHostStack('/bin/sh', '-c', command)
    const running = spawn(program, args, { env: ENVIRONMENT, cwd: '/root', detached: true })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    running.stdout.on('data', piece => stdout.push(piece))
    running.stderr.on('data', piece => stderr.push(piece))
    running.stdin.on('error', () => {})
    running.stdin.end(input)
    running.once('error', reject)
    running.once('close', (exit, signal) =>
      resolve({
        exit: exit ?? 128 + (signal ? constants.signals[signal] : 0),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    )
  })
}

/** How a socket fails whose other end goes: while it is spoken to, just before, or with the host's whole root. */
const ENDS = ['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ENOENT']

/** Asks the sandbox host whose control socket is at `path`. */
export function ask<R extends Request>(path: string, request: R): Promise<Reply<R>> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, allowHalfOpen: true })
    const pieces: Buffer[] = []
    socket.once('error', error =>
      reject('code' in error && ENDS.includes(String(error.code)) ? new PowerLost() : error),
    )
    socket.on('data', piece => pieces.push(piece))
    socket.once('end', () => {
      const text = Buffer.concat(pieces).toString()
      if (text === '') return reject(new PowerLost())
      const { reply, failed } = JSON.parse(text) as { reply: Reply<R>; failed?: string }
      if (failed === undefined) resolve(reply)
      else reject(new Error(failed))
    })
    socket.end(JSON.stringify(request))
  })
}

/** The sandbox host was switched off while it was being asked. */
export class PowerLost extends Error {}
