/** The process at the root of a running sandbox host: who it is, whether it lives, and its end. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'

/** A process id alone may belong to another by now. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since this machine was started (proc_pid_stat(5), field 22). */
  readonly started: string
}

const stat = (pid: number): { state: string; parent: number; started: string } | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is a name in parentheses that may contain anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', parent: Number(fields[1]), started: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

export function identify(pid: number): ProcessIdentity {
  return { pid, started: stat(pid)?.started ?? '' }
}

export function isAlive({ pid, started }: ProcessIdentity): boolean {
  const found = stat(pid)
  return found !== undefined && found.started === started && found.state !== 'Z'
}

/**
 * Ends a sandbox host and waits until nothing of it is left. `root` is unshare(1), its one child the init of the
 * namespace: the kernel ends all processes of a namespace before its init is gone, and unshare waits for init.
 */
export async function end(root: ProcessIdentity): Promise<void> {
  if (!isAlive(root)) return
  const init = childrenOf(root.pid)
  for (const pid of init.length > 0 ? init : [root.pid]) kill(pid)
  for (let waited = 0; isAlive(root); waited += 5) {
    if (waited > 10_000)
      throw new Error(`process ${root.pid} of a sandbox host does not end. Look at it: ps -ef --forest`)
    await after(5)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && stat(pid)?.parent === parent)
