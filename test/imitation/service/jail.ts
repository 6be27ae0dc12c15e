/** rc.d/jail (libexec/rc/rc.d/jail; 03-jails.jsonl; facts.md, jail-2). */
import { jailNamed } from '../jail/kernel.ts'
import { kernelOf } from '../kernel.ts'
import type { Outcome } from '../machine.ts'
import { isYes } from '../rc-conf.ts'
import { runUncounted } from '../run.ts'
import { type Steps, wait } from '../starting.ts'
import type { Asked, Service } from './service.ts'

/** Without names, those of jail_list; without one, whatever is in /etc/jail.conf. */
const namesOf = ({ names, settings }: Asked): readonly string[] =>
  names.length > 0 ? names : (settings.jail_list ?? '').split(/\s+/).filter(name => name !== '')

/** Dots and slashes of a name become `_`, dashes do not. */
const plain = (name: string) => name.replace(/[/.]/g, '_')

function run({ machine }: Asked, program: string, ...args: string[]): Steps<Outcome> {
  return wait(runUncounted(machine, program, { args, stdin: Buffer.alloc(0), cwd: '/', uid: 0 }))
}

/** parse_options: where a jail's configuration is. */
function fileOf({ machine, screen, settings }: Asked, name: string): string | undefined {
  const isReadable = (path: string) => machine.tree.read(path) !== undefined
  const variable = name.replace(/[^A-Za-z0-9]/g, '_')
  const own = [
    settings[`jail_${variable}_conf`] ?? `/etc/jail.${name}.conf`,
    `/etc/jail.conf.d/${name}.conf`,
    conf(settings),
  ]
  const found = own.find(isReadable)
  if (found === undefined) {
    screen.err(
      `/etc/rc.d/jail: WARNING: Invalid configuration for ${name}  (no jail.conf, no hostname, or no path).   Jail ${name} was ignored.\n`,
    )
  }
  return found
}

const conf = (settings: Asked['settings']) => settings.jail_conf ?? '/etc/jail.conf'

function* start(asked: Asked): Steps<number> {
  const { machine, screen, settings } = asked
  screen.out('Starting jails:')
  const names = namesOf(asked)
  if (names.length === 0) {
    const parallel = isYes(settings.jail_parallel_start) ? [] : ['-p1']
    const { exit, stdout, stderr } = yield* run(asked, 'jail', '-f', conf(settings), '-c', ...parallel)
    screen.out(
      exit === 0
        ? kernelOf(machine)
            .jails.map(jail => ` ${jail.name}`)
            .join('')
        : stdout + stderr,
    )
  }
  for (const name of names.map(plain)) {
    const file = fileOf(asked, name)
    if (file === undefined) continue
    const { exit, stdout, stderr } = yield* run(asked, 'jail', '-i', '-f', file, '-c', name)
    screen.out(exit === 0 ? ` ${name}` : ` cannot start jail  "${name}": \n${stdout}${stderr}`)
  }
  screen.out('.\n')
  return 0
}

function* stop(asked: Asked): Steps<number> {
  const { machine, screen, settings } = asked
  const isAll = namesOf(asked).length === 0
  // Named on the command line they are stopped in that order.
  const isReversed = isYes(settings.jail_reverse_stop) && asked.names.length === 0
  const given = isAll ? kernelOf(machine).jails.map(jail => jail.name) : namesOf(asked).map(plain)
  screen.out('Stopping jails:')
  for (const name of isReversed ? given.toReversed() : given) {
    const file = isAll ? conf(settings) : fileOf(asked, name)
    if (file === undefined || jailNamed(machine, name) === undefined) continue
    screen.out(` ${name}`)
    const { stdout, stderr } = yield* run(asked, 'jail', ...(isAll ? [] : ['-q']), '-f', file, '-r', name)
    if (jailNamed(machine, name) !== undefined) screen.out(stdout + stderr)
  }
  screen.out('.\n')
  return 0
}

export const jailService: Service = {
  description: 'Manage system jails',
  usually: 'NO',
  verbs: {
    start,
    stop,
    *restart(asked) {
      yield* stop(asked)
      return yield* start(asked)
    },
    *status(asked) {
      const { stdout } = yield* run(asked, 'jls', '-N')
      asked.screen.out(stdout)
      return 0
    },
    config(asked) {
      for (const name of asked.names.map(plain)) {
        const file = fileOf(asked, name)
        if (file !== undefined) asked.screen.out(`${name}: parameters are in ${file}.\n`)
      }
      return 0
    },
  },
}
