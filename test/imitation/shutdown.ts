/** shutdown(8): sbin/shutdown/shutdown.c. It says that it has begun, and goes on by itself. */
import { ctime } from './ctime.ts'
import type { Machine } from './machine.ts'
import { getopt, imitation, Unknown } from './screen.ts'
import type { Steps } from './starting.ts'
import { scriptsOf } from './startup.ts'

const USAGE = `usage: shutdown [-] [-c | -f | -h | -p | -r | -k] [-o [-n]] [-q] time [warning-message ...]
       poweroff
`
/** It sleeps so long before it tells init(8), so that its caller hears the end of it. */
const GRACE_SECONDS = 2

export const shutdown = imitation('shutdown', (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'chknopr')
  if (call.uid !== 0) {
    screen.err('shutdown: NOT super-user\n')
    return 1
  }
  const [time] = operands
  if (time === undefined) {
    screen.err(USAGE)
    return 1
  }
  if (set.size !== 1 || !(set.has('r') || set.has('p'))) throw new Unknown('way to go down')
  const minutes = /^\+(\d+)$/.exec(time)?.[1]
  if (time !== 'now' && minutes === undefined) throw new Unknown(`time ${time}`)
  if (machine.power === undefined) throw new Unknown('power of a machine in memory')
  const seconds = Number(minutes ?? 0) * 60
  machine.power.goDown(set.has('r') ? 'reboot' : 'off', seconds + GRACE_SECONDS)
  screen.out(seconds > 0 ? `Shutdown at ${ctime(new Date((machine.seconds + seconds) * 1000))}.\n` : 'Shutdown NOW!\n')
  screen.err(`shutdown: [pid ${PID}]\n`)
  return 0
})

/** Any will do. */
const PID = 4711

/** rc.shutdown(8): scripts with the keyword `shutdown`, in the opposite order. */
export function* shutDown(machine: Machine): Steps<void> {
  for (const script of scriptsOf(machine).reverse()) if (script.keywords.includes('shutdown')) yield* script.stop()
}
