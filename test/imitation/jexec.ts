/** jexec(8): a command inside a jail (03-jails.jsonl; usr.sbin/jexec/jexec.c). */
import { basename } from 'node:path/posix'
import { jailNamed, removeEmptyJails } from './jail/kernel.ts'
import type { Outcome } from './machine.ts'
import { rooted } from './rooted.ts'
import { runUncounted } from './run.ts'
import { getopt } from './screen.ts'
import { type Steps, starting, wait } from './starting.ts'

/** Where no command is given. */
const SHELL = '/bin/sh'

export const jexec = starting('jexec', function* (machine, call, screen): Steps<number | Outcome> {
  const { operands } = getopt(call.args, 'lnu:U:')
  const [name = '', ...command] = operands
  yield* removeEmptyJails(machine)
  const jail = jailNamed(machine, name)
  if (jail === undefined) {
    screen.err(`jexec: jail "${name}" not found\n`)
    return 1
  }
  const argv = command.length === 0 ? [SHELL] : command
  // What needs nothing but files sees those of the jail.
  if (basename(argv[0] ?? '') === 'tar')
    return yield* wait(runUncounted(rooted(machine, jail.path), 'tar', { ...call, args: argv.slice(1), cwd: '/' }))
  const become = machine.processes.become?.(machine, { argv, jail })
  if (become !== undefined) return { exit: 0, stdout: '', stderr: '', become }
  const end = yield* wait(machine.processes.start(machine, { argv, jail, stdin: call.stdin }))
  yield* removeEmptyJails(machine)
  if (end.missing) {
    screen.err(`jexec: execvp: ${argv[0]}: No such file or directory\n`)
    return 1
  }
  // It becomes the command: what ended that has ended it. sh(1) tells of signals so.
  return { exit: end.signal === undefined ? end.exit : 128 + end.signal, stdout: end.stdout, stderr: end.stderr }
})
