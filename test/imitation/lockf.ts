/** lockf(1): a command under a lock (08-host.jsonl; usr.bin/lockf/lockf.c). */
import type { Outcome } from './machine.ts'
import { getopt } from './screen.ts'
import { type Steps, starting, wait } from './starting.ts'

/** sysexits(3) */
const EX_USAGE = 64

export const lockf = starting('lockf', function* (machine, call, screen): Steps<number | Outcome> {
  const { set, values, operands } = getopt(call.args, 'knst:')
  const [file, ...argv] = operands
  const seconds = values.get('t')?.at(-1)
  if (file === undefined || argv.length === 0 || (seconds !== undefined && !/^\d+$/.test(seconds))) {
    screen.err('usage: lockf [-knsw] [-t seconds] file command [arguments]\n       lockf [-s] [-t seconds] fd\n')
    return EX_USAGE
  }
  const become = machine.processes.underLock?.({
    file,
    argv,
    keeps: set.has('k'),
    isSilent: set.has('s'),
    ...(seconds === undefined ? {} : { seconds: Number(seconds) }),
  })
  if (become !== undefined) return { exit: 0, stdout: '', stderr: '', become }
  // Nobody else runs in memory: the lock is free.
  const { exit, stdout, stderr } = yield* wait(machine.processes.start(machine, { argv, stdin: call.stdin }))
  return { exit, stdout, stderr }
})
