/**
 * Processes in jails of a sandbox host are real: each jail has mount, PID, UTS and IPC namespaces of its own and, with
 * VNET, a network namespace (network.ts). Its init is jail.sh; others come in by nsenter(1).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as after } from 'node:timers/promises'
import type { Jail } from '../imitation/kernel.ts'
import type { End, Processes, Running, Start } from '../imitation/processes.ts'
import { inHostStack, namespaceOf } from './network.ts'
import { PATH } from './programs.ts'

const LINUX = '/.sandbox/linux/usr/bin'
/** What jail.sh keeps itself alive with. */
const KEEPER = 'sleep\x002147483647\0'
const POLL_MILLISECONDS = 20

/** As jail(8) gives it with exec.clean. */
const ENVIRONMENT = { PATH, HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: '/bin/sh', SANDBOX_UNCOUNTED: '1' }

interface Inside {
  readonly init: number
  readonly pidNamespace: string
  readonly gone: Promise<unknown>
}

/** `listen` makes a socket for a jail's own imitated programs; `close` is its end. */
export function realProcesses(listen: (jid: number, path: string) => Promise<() => void>): Processes {
  const jails = new Map<number, Inside & { close(): void }>()
  const insideOf = (jail: Jail): Inside => {
    const found = jails.get(jail.jid)
    if (found === undefined) throw new Error(`jail ${jail.jid} has no processes`)
    return found
  }
  const enter = (jail: Jail, argv: readonly string[]) => [
    `${LINUX}/nsenter`,
    ...['-t', String(insideOf(jail).init), '--mount', '--pid', '--net', '--uts', '--ipc', '--', ...argv],
  ]

  return {
    async start(_machine, start) {
      if (isMissing(start)) return { exit: 1, missing: true, stdout: '', stderr: '' }
      const argv = start.jail === undefined ? inHostStack(...start.argv) : enter(start.jail, start.argv)
      return collect(argv, start)
    },

    list: (_machine, jail) => processesIn(jails.get(jail.jid)),

    async terminate(_machine, jail, seconds) {
      const inside = jails.get(jail.jid)
      for (const { pid } of processesIn(inside)) kill(pid, 'SIGTERM')
      for (let waited = 0; waited < seconds * 1000 && processesIn(inside).length > 0; waited += POLL_MILLISECONDS)
        await after(POLL_MILLISECONDS)
    },

    async open(_machine, jail) {
      const socket = `/.sandbox/jails/${jail.jid}`
      const close = await listen(jail.jid, socket)
      jails.set(jail.jid, { ...(await makeInside(jail, socket)), close })
    },

    async close(_machine, jail) {
      const inside = jails.get(jail.jid)
      if (inside === undefined) return
      kill(inside.init, 'SIGKILL')
      await inside.gone
      jails.get(jail.jid)?.close()
      jails.delete(jail.jid)
    },

    become(_machine, { argv, jail }) {
      // Its absence is for the imitation to tell.
      return jail === undefined || isMissing({ argv, jail }) ? undefined : enter(jail, argv)
    },

    underLock: ({ file, argv, keeps, isSilent, seconds }) => [
      '/bin/sh',
      '-c',
      LOCKING,
      'lockf',
      ...[file, seconds === undefined ? '' : String(seconds), keeps ? 'keep' : '', isSilent ? 'silent' : '', ...argv],
    ],
  }

  function isMissing({ argv: [program = ''], jail }: Pick<Start, 'argv' | 'jail'>): boolean {
    const root = jail === undefined ? '' : `/proc/${insideOf(jail).init}/root`
    const places = program.includes('/') ? [program] : PATH.split(':').map(place => `${place}/${program}`)
    return !places.some(place => lstatSync(root + place, { throwIfNoEntry: false }) !== undefined)
  }
}

async function makeInside(jail: Jail, socket: string): Promise<Inside> {
  const command = [
    ...[`${LINUX}/nsenter`, `--net=${namespaceOf(jail.vnet ? jail.jid : 0)}`, '--'],
    ...[
      `${LINUX}/unshare`,
      '--mount',
      '--propagation',
      'private',
      '--pid',
      '--uts',
      '--ipc',
      '--fork',
      '--kill-child',
      '--',
    ],
    ...['/bin/sh', '/.sandbox/jail.sh', jail.path, socket, jail.parameters['host.hostname'] || jail.name],
  ]
  const [program = '', ...args] = command
  const holder = spawn(program, args, { env: ENVIRONMENT, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = new Promise<unknown>(resolve => holder.once('exit', resolve))
  const said = await firstWords(holder)
  if (said !== 'ready\n') throw new Error(`jail.sh of ${jail.name}: ${said}`)
  const init = Number(readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim())
  return { init, pidNamespace: readlinkSync(`/proc/${init}/ns/pid`), gone }
}

function firstWords(holder: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    let complaints = ''
    holder.stderr?.on('data', piece => {
      complaints += piece
    })
    holder.stdout?.once('data', piece => resolve(String(piece)))
    holder.once('close', () => resolve(complaints))
  })
}

function processesIn(inside: Inside | undefined): Running[] {
  if (inside === undefined) return []
  return readdirSync('/proc').flatMap(name => {
    const pid = Number(name)
    if (!(pid > 0) || pid === inside.init) return []
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      const isIn = readlinkSync(`/proc/${pid}/ns/pid`) === inside.pidNamespace
      return isIn && command !== '' && command !== KEEPER
        ? [{ pid, command: command.replaceAll('\0', ' ').trim() }]
        : []
    } catch {
      // It has ended meanwhile.
      return []
    }
  })
}

let lastOutput = 0

/**
 * Output goes to a file and not to a pipe: a daemon that a start script leaves behind keeps its output open, and nobody
 * waits for that.
 */
function collect([program = '', ...args]: readonly string[], { stdin, timeoutSeconds }: Start): Promise<End> {
  const path = `/.sandbox/output-${++lastOutput}`
  const files = [`${path}-1`, `${path}-2`] as const
  const [out, err] = files.map(file => openSync(file, 'w+', 0o600)) as [number, number]
  const running = spawn(program, args, {
    env: ENVIRONMENT,
    cwd: '/',
    detached: true,
    stdio: [stdin === undefined || stdin.length === 0 ? 'ignore' : 'pipe', out, err],
  })
  running.stdin?.on('error', () => {})
  running.stdin?.end(stdin)
  const finish = (end: Pick<End, 'exit' | 'signal' | 'timedOut'>): End => {
    const [stdout, stderr] = files.map(file => readFileSync(file, 'utf8')) as [string, string]
    for (const descriptor of [out, err]) closeSync(descriptor)
    for (const file of files) rmSync(file)
    return { ...end, stdout, stderr }
  }
  type Way = Pick<End, 'exit' | 'signal' | 'timedOut'>
  const ended = new Promise<Way>((resolve, reject) => {
    running.once('error', reject)
    running.once('exit', (exit, signal) =>
      resolve(signal === null ? { exit: exit ?? 1 } : { exit: 1, signal: constants.signals[signal] }),
    )
  })
  const late = () => after((timeoutSeconds ?? 0) * 1000, { exit: 1, timedOut: true } as const, { ref: false })
  return (timeoutSeconds === undefined ? ended : Promise.race([ended, late()])).then(finish)
}

function kill(pid: number, signal: NodeJS.Signals): void {
  if (existsSync(`/proc/${pid}`)) process.kill(pid, signal)
}

/** usr.bin/lockf/lockf.c on flock(1): file, seconds, `keep`, `silent`, command. */
const LOCKING = `
file=$1 seconds=$2 keep=$3 silent=$4
shift 4
exec 9>> "$file" || exit 73
if [ -z "$seconds" ]; then ${LINUX}/flock 9
elif [ "$seconds" = 0 ]; then ${LINUX}/flock -n 9
else ${LINUX}/flock -w "$seconds" 9
fi || {
  [ -n "$silent" ] || echo "lockf: $file: already locked" >&2
  exit 75
}
"$@" 9>&-
status=$?
[ -n "$keep" ] || rm -f "$file"
exit $status`
