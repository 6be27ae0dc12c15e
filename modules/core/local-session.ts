/** Sessions on this machine. */
import { spawn } from 'node:child_process'
import { setTimeout as after } from 'node:timers/promises'
import { CommandFailed } from './errors.ts'
import { ENVIRONMENT, endGroup, GRACE_MILLISECONDS } from './local-host.ts'
import type { Hold } from './session.ts'

/** More than this is not read: a customer's program may say anything. */
const MOST_BYTES = 1 << 20

export const holdHere: Hold = async (command, { send, ready, seconds }) => {
  const child = spawn(command[0], command.slice(1), { env: ENVIRONMENT, detached: true, stdio: 'pipe' })
  const said = { stdout: '', stderr: '' }
  let isReady = () => {}
  const readiness = new Promise<'ready'>(resolve => {
    isReady = () => resolve('ready')
  })
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      if (said[stream].length < MOST_BYTES) said[stream] += text
      if (said.stdout.split('\n').slice(0, -1).includes(ready)) isReady()
    })
  // A command that ends early closes its input; how it ended tells more than EPIPE.
  child.stdin.on('error', () => {})
  let over = false
  const end = new Promise<number>((resolve, reject) => {
    child.on('error', error =>
      reject('code' in error && error.code === 'ENOENT' ? CommandFailed.missing(command) : error),
    )
    child.on('close', (code, signal) => {
      over = true
      if (signal !== null) reject(CommandFailed.killed(command, signal))
      else resolve(code ?? 0)
    })
  })
  end.catch(() => {})

  const within = async <T>(what: Promise<T>): Promise<T> => {
    const stop = new AbortController()
    const late = after(seconds * 1000, 'late' as const, { signal: stop.signal })
    late.catch(() => {})
    try {
      const outcome = await Promise.race([what, late])
      if (outcome !== 'late') return outcome as T
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        if (child.pid !== undefined) endGroup(child.pid, signal)
        await Promise.race([end.catch(() => {}), after(GRACE_MILLISECONDS, undefined, { ref: false })])
        if (over) break
      }
      throw CommandFailed.timedOut(command, seconds)
    } finally {
      stop.abort()
    }
  }

  child.stdin.write(send)
  const first = await within(Promise.race([readiness, end]))
  if (first !== 'ready') throw CommandFailed.exited(command, { exit: first, ...said })
  return {
    get holds() {
      return !over
    },
    async end(last) {
      child.stdin.end(last)
      const answer = { exit: await within(end), ...said }
      if (answer.exit !== 0) throw CommandFailed.exited(command, answer)
      return answer
    },
  }
}
