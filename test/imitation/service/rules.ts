/** rc.d/rctl and rc.d/pf (libexec/rc/rc.d): what they load at boot from where. */
import type { Outcome } from '../machine.ts'
import { runUncounted } from '../run.ts'
import { type Steps, wait } from '../starting.ts'
import type { Asked, Service } from './service.ts'

function* run({ machine, screen }: Asked, program: string, ...args: string[]): Steps<Outcome> {
  const call = { args, stdin: Buffer.alloc(0), cwd: '/', uid: 0 }
  const outcome = yield* wait(runUncounted(machine, program, call))
  screen.out(outcome.stdout)
  screen.err(outcome.stderr)
  return outcome
}

function* loadLimits(asked: Asked): Steps<number> {
  const lines = (asked.machine.tree.read('/etc/rctl.conf') ?? '')
    .split('\n')
    .map(line => line.replace(/#.*/, '').trim())
  for (const line of lines) if (line !== '') yield* run(asked, 'rctl', '-a', line)
  return 0
}

export const rctlService: Service = {
  description: 'Manage resource limits',
  usually: 'YES',
  verbs: {
    start: loadLimits,
    *stop(asked) {
      for (const subject of ['user', 'loginclass', 'jail']) {
        const { machine } = asked
        yield* wait(
          runUncounted(machine, 'rctl', { args: ['-r', `${subject}:`], stdin: Buffer.alloc(0), cwd: '/', uid: 0 }),
        )
      }
      return 0
    },
    *restart(asked) {
      return yield* loadLimits(asked)
    },
  },
}

const rulesFile = ({ settings }: Asked) => settings.pf_rules ?? '/etc/pf.conf'

export const pfService: Service = {
  description: 'Packet filter',
  usually: 'NO',
  verbs: {
    *start(asked) {
      if (asked.machine.tree.read(rulesFile(asked)) === undefined) {
        asked.screen.err(`/etc/rc.d/pf: WARNING: ${rulesFile(asked)} is not readable.\n`)
        return 1
      }
      asked.screen.out('Enabling pf')
      yield* run(asked, 'kldload', '-n', 'pf')
      yield* wait(runUncounted(asked.machine, 'pfctl', call('-F', 'all')))
      yield* run(asked, 'pfctl', '-f', rulesFile(asked))
      yield* wait(runUncounted(asked.machine, 'pfctl', call('-e')))
      asked.screen.out('.\n')
      return 0
    },
    *stop(asked) {
      asked.screen.out('Disabling pf.\n')
      yield* wait(runUncounted(asked.machine, 'pfctl', call('-d')))
      return 0
    },
    *reload(asked) {
      asked.screen.out('Reloading pf rules.\n')
      return (yield* run(asked, 'pfctl', '-f', rulesFile(asked))).exit
    },
    /** Its exit status says whether pf is enabled (08-host.jsonl). */
    *status(asked) {
      yield* run(asked, 'pfctl', '-si')
      return asked.machine.state.kernel?.pf.isEnabled ? 0 : 1
    },
  },
}

const call = (...args: string[]) => ({ args, stdin: Buffer.alloc(0), cwd: '/', uid: 0 })
