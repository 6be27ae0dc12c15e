/** chroot(8): usr.sbin/chroot/chroot.c. What is imitated sees the other root directory, and so do real processes there. */
import { posix } from 'node:path'
import type { Jail } from './kernel.ts'
import { rooted } from './rooted.ts'
import { runUncounted } from './run.ts'
import { getopt, Unknown } from './screen.ts'
import { starting, wait } from './starting.ts'

const PATH = ['/sbin', '/bin', '/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin']

/** Imitations that need nothing but files. */
const FILES_ALONE =
  `cap_mkdb chflags chmod fetch freebsd-version mkdir mtree pkg pwd_mkdb services_mkdb sha256 sysrc tar touch
  uname`.split(/\s+/)

export const chroot = starting('chroot', function* (machine, call, screen) {
  const { values, operands } = getopt(call.args, 'G:g:u:n')
  if (values.size > 0) throw new Unknown('way to change the user')
  const [directory, ...command] = operands
  if (directory === undefined) {
    screen.err('usage: chroot [-g group] [-G group,group,...] [-u user] [-n] newroot [command]\n')
    return 1
  }
  const root = machine.tree.realpath(posix.resolve(call.cwd, directory))
  const status = root === undefined ? undefined : machine.tree.lstat(root)
  if (root === undefined || status?.type !== 'directory' || call.uid !== 0) {
    const reason =
      root === undefined ? 'No such file or directory' : call.uid === 0 ? 'Not a directory' : 'Operation not permitted'
    screen.err(`chroot: ${directory}: ${reason}\n`)
    return 1
  }
  const argv = command.length === 0 ? ['/bin/sh', '-i'] : command
  const [program = ''] = argv
  const places = program.includes('/') ? [program] : PATH.map(place => posix.join(place, program))
  const inside = rooted(machine, root)
  if (!places.some(place => inside.tree.realpath(place) !== undefined)) {
    screen.err(`chroot: ${program}: No such file or directory\n`)
    return 127
  }
  const name = posix.basename(program)
  if (FILES_ALONE.includes(name)) {
    return yield* wait(runUncounted(inside, name, { ...call, args: argv.slice(1), cwd: '/' }))
  }
  // A jail nobody knows, for as long as the command runs, in the host's own network.
  const place: Jail = {
    jid: -machine.state.serial++,
    name: 'chroot',
    path: root,
    vnet: false,
    parameters: { 'host.hostname': machine.state.sysctls['kern.hostname'] ?? 'fbsd.test' },
    processes: [],
  }
  yield* wait(machine.processes.open(machine, place))
  const end = yield* wait(machine.processes.start(machine, { argv, jail: place, stdin: call.stdin }))
  yield* wait(machine.processes.close(machine, place))
  screen.out(end.stdout)
  screen.err(end.stderr)
  machine.changed()
  return end.signal === undefined ? end.exit : 128 + end.signal
})
