/** Starts an imitated program: the one way in, for the in-memory host and for the sandbox. */
import { type Fault, Hang, Killed, Missing } from './faults.ts'
import { imitations } from './index.ts'
import type { Call, Machine, Outcome } from './machine.ts'
import { readsArchive } from './tar/index.ts'

/** kern.argmax (02-mounts.jsonl, last line); execve counts each string with its NUL (sys/kern/kern_exec.c, exec_args). */
export const ARGUMENT_BYTES = 524_288

export const argumentBytes = (program: string, args: readonly string[]) =>
  [program, ...args].reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0)

/** Throws `Missing`, `Hang`, `Killed` or `PowerCut` (faults.ts) where there is no exit status to report. */
export async function run(machine: Machine, program: string, call: Call): Promise<Outcome> {
  return start(machine, program, call)
}

/** `run` for programs that need no waiting. */
export function runAtOnce(machine: Machine, program: string, call: Call): Outcome {
  const outcome = start(machine, program, call)
  if (outcome instanceof Promise) throw new Error(`${program} is imitated asynchronously`)
  return outcome
}

/** For a program that another imitation starts: in `counts` are those of the caller alone. */
export function runUncounted(machine: Machine, program: string, call: Call): Outcome | Promise<Outcome> {
  const before = machine.counts[program]
  try {
    return start(machine, program, call)
  } finally {
    if (before === undefined) delete machine.counts[program]
    else machine.counts[program] = before
  }
}

/** What was ordered to go wrong with a program that is no imitation. Throws as `run` does. */
export function faultOf(machine: Machine, program: string, args: readonly string[]): Outcome | undefined {
  const fault = takeFault(machine, program, args)
  return fault === undefined ? undefined : fail(fault)
}

function start(machine: Machine, program: string, call: Call): Outcome | Promise<Outcome> {
  const imitation = imitations[program]
  if (imitation === undefined) throw new Missing(program)
  machine.counts[program] = (machine.counts[program] ?? 0) + 1

  // 126: what sh(1) exits with when execve(2) fails for another reason than "not found".
  if (argumentBytes(program, call.args) > ARGUMENT_BYTES)
    return { exit: 126, stdout: '', stderr: `${program}: Argument list too long\n` }

  const fault = takeFault(machine, program, call.args)
  if (fault !== undefined && !(fault.kind === 'kill' && fault.afterwards)) return fail(fault)

  machine.forget()
  const before = machine.revision
  const end = (outcome: Outcome) => {
    if (machine.revision !== before) machine.countChange()
    return fault === undefined ? outcome : fail(fault)
  }
  const outcome = imitation(machine, call)
  return outcome instanceof Promise ? outcome.then(end) : end(outcome)
}

/** Whether the program reads its standard input, so that a client without one does not wait for it. */
export function readsStdin(program: string, args: readonly string[]): boolean {
  if (program === 'tar') return readsArchive(args)
  if (program === 'jexec' && args.includes('tar')) return readsArchive(args.slice(args.indexOf('tar') + 1))
  // `-f -`
  if (program === 'pfctl' || program === 'jail') return args.includes('-') || args.some(word => /^-\w*f-$/.test(word))
  if (program !== 'zfs') return false
  return ['create', 'load-key', 'change-key', 'receive', 'recv'].includes(args[0] ?? '') || args.includes('-l')
}

function takeFault(machine: Machine, program: string, args: readonly string[]): Fault | undefined {
  const at = machine.faults.findIndex(fault => fault.program === program && (fault.when?.(args) ?? true))
  const fault = machine.faults[at]
  if (fault?.times === undefined) return fault
  if (fault.times <= 1) machine.faults.splice(at, 1)
  else machine.faults[at] = { ...fault, times: fault.times - 1 }
  return fault
}

function fail(fault: Fault): Outcome {
  switch (fault.kind) {
    case 'exit':
      return { exit: fault.exit ?? 1, stdout: fault.stdout ?? '', stderr: fault.stderr ?? '' }
    case 'garbage':
      return { exit: 0, stdout: fault.stdout ?? 'Segmentation\u0000 fault?\n\n???\n', stderr: '' }
    case 'hang':
      throw new Hang(fault.program)
    case 'kill':
      throw new Killed(fault.signal ?? 'SIGKILL')
    case 'missing':
      throw new Missing(fault.program)
  }
}
