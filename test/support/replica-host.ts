/** A host whose installed program `replicate` can be run: in memory, by the same code. */
import { CommandFailed } from '../../modules/core/errors.ts'
import type { Host } from '../../modules/core/host.ts'
import { outcomeOf, type Surroundings } from '../../modules/core/host-program.ts'
import { pipe } from '../../modules/core/step.ts'
import type { Transfer } from '../../modules/core/streams.ts'
import { programPath } from '../../modules/rules/layout.ts'
import { PROGRAM } from '../../modules/rules/replica/names.ts'
import { replicate } from '../../programs/replicate.ts'
import { type FakeHost, fakeFreeBSD } from './fake-freebsd.ts'

/** Runs the program with these arguments, on what it takes for its host. */
export async function runReplicate(host: Host, transfer: Transfer, now: () => Date, args: readonly string[]) {
  const said: string[] = []
  const complaints: string[] = []
  const around: Surroundings = {
    args,
    host,
    hold: () => {
      throw new CommandFailed('nothing is held here')
    },
    now,
    holder: 'replicate of a test',
    say: line => said.push(line),
    complain: line => complaints.push(line),
    ending: new AbortController().signal,
  }
  const exit = await outcomeOf(replicate({ transfer, pause: async () => {} }), around)
  return { exit, said, complaints }
}

/** Between pools of this host. What the program does is its own affair and no step of the module's. */
export function withProgram(host: FakeHost): FakeHost {
  const isProgram = (command: readonly string[]) => command[0] === programPath(PROGRAM)
  const performed = [...host.performed]
  return Object.create(host, {
    performed: { get: () => performed },
    perform: {
      value: async (step: Parameters<Host['perform']>[0]) => {
        if (step.kind === 'run' && isProgram(step.command)) {
          if (!host.tree.read(programPath(PROGRAM))) throw CommandFailed.missing(step.command)
          const transfer: Transfer = (from, to) => host.perform(pipe(from, to))
          // Its lock is another one.
          const inner: Host = { ...host, lock: async () => async () => {} }
          const now = () => new Date('2026-11-22T12:00:00Z')
          const { exit, said, complaints } = await runReplicate(inner, transfer, now, step.command.slice(1))
          const answer = { exit, stdout: said.join('\n'), stderr: complaints.join('\n') }
          CommandFailed.check(step, answer)
        } else await host.perform(step)
        performed.push(step)
      },
    },
  })
}

export const hostForReplica = (): FakeHost =>
  withProgram(
    fakeFreeBSD({
      datasets: {
        'zroot/hosting/instances': {},
        'zroot/hosting/shared': {},
        'zroot/hosting/shared/photos': {},
        'zroot/copy': { mountpoint: 'none' },
        'zroot/copies/hamburg1': { mountpoint: 'none', canmount: 'off' },
      },
      commands: [
        ['zfs', 'snapshot', '-r', 'zroot/hosting/shared@a'],
        ['zfs', 'snapshot', '-r', 'zroot/hosting/shared@b'],
      ],
      files: {
        '/etc/ssh/ssh_host_ed25519_key.pub': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHostx root@hamburg1\n',
        '/usr/local/etc/bluejail/replicate.json': '{"format": 1, "replicas": []}\n',
        '/usr/local/etc/cron.d/bluejail-replicate': '# an earlier one\n',
      },
    }),
  )
