/** Sessions on this machine. */
import { CommandFailed } from './errors.ts'
import { end, hear, start, within } from './processes.ts'
import type { Hold } from './session.ts'

/** Of what a customer's program says, the first and the last. */
const MOST_BYTES = 1 << 20

export const holdHere: Hold = async (command, { send, ready, seconds }) => {
  const running = start(command, { stdin: 'pipe', stdout: 'pipe' })
  const { stdout, stderr } = hear(running, MOST_BYTES, 'ends')
  const readiness = new Promise<'ready'>(resolve => {
    let rest = ''
    running.child.stdout?.on('data', (piece: Buffer) => {
      const lines = (rest + piece.toString('latin1')).split('\n')
      // Of a line that is too long already, no more than shows that.
      rest = (lines.pop() ?? '').slice(0, ready.length + 1)
      if (lines.includes(ready)) resolve('ready')
    })
  })
  const inTime = async <T>(what: Promise<T>): Promise<T> => {
    const outcome = await within(seconds * 1000, what)
    if (outcome !== undefined) return outcome.value
    await end(running)
    throw CommandFailed.timedOut(command, seconds)
  }
  const answered = (exit: number) => ({ exit, stdout: stdout?.text() ?? '', stderr: stderr?.text() ?? '' })

  running.child.stdin?.write(send)
  const first = await inTime(Promise.race([readiness, running.ended]))
  if (first !== 'ready') throw CommandFailed.exited(command, answered(first))
  return {
    get holds() {
      return !running.isOver
    },
    async end(last) {
      running.child.stdin?.end(last)
      const answer = answered(await inTime(running.ended))
      if (answer.exit !== 0) throw CommandFailed.exited(command, answer)
      return answer
    },
  }
}
