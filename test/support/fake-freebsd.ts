/** A FreeBSD host in memory: modules run against it as against a real one, and tests see what they did. */
import { CommandFailed, LockHeld } from '../../modules/core/errors.ts'
import type { Answer, Host, Reply } from '../../modules/core/host.ts'
import type { Command, FileStep, Step } from '../../modules/core/step.ts'
import { boot } from '../imitation/boot.ts'
import { Hang, Killed, Missing, PowerCut } from '../imitation/faults.ts'
import { Machine, type Outcome } from '../imitation/machine.ts'
import { MemoryTree } from '../imitation/memory-tree.ts'
import { ARGUMENT_BYTES, argumentBytes, run, runAtOnce } from '../imitation/run.ts'
import { createPool } from '../imitation/zpool.ts'
import { change, digestOf, listNames, readBytes, readText, statusOf } from './fake-files.ts'

export interface FakeOptions {
  /** OpenZFS: 2.2.6 (default), 2.3.0, 2.4.0. */
  readonly zfsVersion?: string
  /** Default: `zroot` of 100 GiB, mounted at /zroot. */
  readonly pools?: Readonly<Record<string, { readonly size?: number; readonly altroot?: string }>>
  /**
   * Datasets in any order, with their properties; ancestors come by themselves. `volsize` makes a volume, `origin` a
   * clone of that snapshot (made when it is missing), `key` is what goes to standard input.
   */
  readonly datasets?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly files?: Readonly<Record<string, string>>
  readonly sysctls?: Readonly<Record<string, string>>
  /** Run first, uncounted; each must succeed. */
  readonly commands?: readonly (readonly string[])[]
  readonly now?: Date
  /** Somebody else holds the host's lock. */
  readonly lockedBy?: string
}

export interface FakeHost extends Host {
  readonly machine: Machine
  readonly tree: MemoryTree
  /** Processes started by `query` and `perform`, by program. */
  readonly counts: Readonly<Record<string, number>>
  /** Steps that were done, in order. */
  readonly performed: readonly Step[]
  /** All commands asked for by `query`, in order. */
  readonly queried: readonly Command[]
  /** What listens on the network, by `address:port` or URL. */
  readonly servers: Map<string, () => Reply | undefined>
  /** Who has taken the lock, in order. */
  readonly lockHolders: readonly string[]
  /** What an operator beside us does or sees: not counted, not recorded. */
  outside(...command: string[]): Answer
  /** After a PowerCut, or at will: mounts and keys are gone, and what mounts at boot is mounted. */
  boot(): void
}

const GIBIBYTE = 1024 ** 3

export function fakeFreeBSD(options: FakeOptions = {}): FakeHost {
  const tree = new MemoryTree()
  const now = options.now ?? new Date('2026-11-22T12:00:00Z')
  const machine = new Machine(tree, () => now, {
    ...(options.zfsVersion === undefined ? {} : { zfsVersion: options.zfsVersion }),
    mounts: [{ special: '/dev/vtbd0', node: '/', fstype: 'ufs', options: ['local', 'soft-updates'] }],
    ...(options.sysctls === undefined ? {} : { sysctls: options.sysctls }),
  })
  const outside = (command: readonly string[], stdin = '') => {
    const [program = '', ...args] = command
    const before = { ...machine.counts }
    const outcome = runAtOnce(machine, program, { args, stdin: Buffer.from(stdin), cwd: '/', uid: 0 })
    for (const name of Object.keys(machine.counts)) delete machine.counts[name]
    Object.assign(machine.counts, before)
    return outcome
  }
  furnish(machine, tree, options, outside)

  const performed: Step[] = []
  const queried: Command[] = []
  const lockHolders: string[] = []
  const servers: FakeHost['servers'] = new Map()
  const holders = new Map(options.lockedBy === undefined ? [] : [['', options.lockedBy]])
  let isOff = false

  async function answer(command: Command, input: string | Buffer, seconds: number, holdUp?: string): Promise<Outcome> {
    const [program, ...args] = command
    if (isOff) throw new PowerCut()
    // execve(2) fails before there is a process, as modules/core/local-host.ts reports it.
    if (argumentBytes(program, args) > ARGUMENT_BYTES)
      throw new CommandFailed(`'${program}' could not be started: spawn E2BIG`)
    try {
      const stdin = typeof input === 'string' ? Buffer.from(input) : input
      const outcome = await run(machine, program, { args, stdin, cwd: '/', uid: 0 })
      if (outcome.endedBy !== undefined) throw CommandFailed.killed(command, outcome.endedBy)
      return outcome
    } catch (problem) {
      if (problem instanceof Missing) throw CommandFailed.missing(command)
      if (problem instanceof Hang) throw CommandFailed.timedOut(command, seconds, holdUp)
      if (problem instanceof Killed) throw CommandFailed.killed(command, problem.signal)
      if (problem instanceof PowerCut) isOff = true
      throw problem
    }
  }

  return {
    machine,
    tree,
    performed,
    queried,
    lockHolders,
    servers,
    get counts() {
      return { ...machine.counts }
    },

    async query(command, { exits = [0], input = '', timeoutSeconds = 600, encoding, mostBytes } = {}) {
      queried.push(command)
      const { exit, stdout, stderr, bytes = Buffer.alloc(0) } = await answer(command, input, timeoutSeconds)
      if (mostBytes !== undefined && stdout.length + bytes.length > mostBytes)
        throw CommandFailed.saidTooMuch(command, mostBytes)
      const given = { exit, stdout: `${stdout}${bytes.toString(encoding)}`, stderr }
      if (!exits.includes(given.exit)) throw CommandFailed.exited(command, given)
      return given
    },

    read: async (path, beneath) => readText(tree, path, beneath),
    bytes: async (path, most, beneath) => readBytes(tree, path, most, beneath),
    digest: async (path, beneath) => digestOf(tree, path, beneath),
    status: async (path, beneath) => statusOf(tree, path, beneath),

    async contact(to) {
      const server = servers.get(to.kind === 'tcp' ? `${to.address}:${to.port}` : to.url)
      return server?.() ?? { problem: 'connect ECONNREFUSED' }
    },
    list: async (path, beneath, most) => listNames(tree, path, beneath, most),

    async perform(step) {
      if (isOff) throw new PowerCut()
      if (step.kind === 'run') {
        const given = await answer(step.command, step.input ?? '', step.timeoutSeconds ?? 600)
        CommandFailed.check(step, given)
      } else if (step.kind === 'pipe') {
        const [seconds, holdUp] = [step.timeoutSeconds ?? 600, step.bears?.holdUp]
        const sent = await answer(step.from, '', seconds, holdUp)
        const flow = Buffer.concat([Buffer.from(sent.stdout), sent.bytes ?? Buffer.alloc(0)])
        const taken = await answer(step.to, flow, seconds, holdUp)
        if (sent.exit !== 0) throw CommandFailed.exited(step.from, sent)
        if (taken.exit !== 0) throw CommandFailed.exited(step.to, taken)
      } else {
        refuseBelowRunning(machine, step)
        change(tree, step)
        try {
          machine.countChange()
        } catch (powerCut) {
          isOff = true
          throw powerCut
        }
      }
      performed.push(step)
    },

    async lock(name, of = '') {
      const holder = holders.get(of)
      if (holder !== undefined) throw new LockHeld('/var/run/bluejail.lock', holder, 60)
      holders.set(of, name)
      lockHolders.push(name)
      return async () => void holders.delete(of)
    },

    outside: (...command) => outside(command),

    boot() {
      isOff = false
      holders.clear()
      boot(machine)
    },
  }
}

/** Between the look for links and what follows it, a running customer can put one there. */
function refuseBelowRunning({ state: { kernel } }: Machine, step: FileStep): void {
  const paths = step.kind === 'move' ? [step.from, step.to] : [step.path]
  for (const path of paths)
    for (const jail of kernel?.jails ?? [])
      if (path.startsWith(`${jail.path}/`))
        throw new Error(`the host itself acts on ${path}, below the root of the running jail ${jail.name}`)
}

type Outside = (command: readonly string[], stdin?: string) => Answer

function furnish(machine: Machine, tree: MemoryTree, options: FakeOptions, outside: Outside): void {
  for (const directory of ['/etc', '/tmp', '/mnt', '/var/run', '/root']) tree.mkdir(directory)
  tree.write('/etc/passwd', 'root:*:0:0:Charlie &:/root:/bin/sh\nwww:*:80:80::/nonexistent:/usr/sbin/nologin\n')
  tree.write('/etc/group', 'wheel:*:0:root\nwww:*:80:\n')
  for (const [path, text] of Object.entries(options.files ?? {})) {
    tree.mkdir(path.slice(0, path.lastIndexOf('/')) || '/')
    tree.write(path, text)
  }
  const must = (command: readonly string[], stdin = '') => {
    const { exit, stderr } = outside(command, stdin)
    if (exit !== 0) throw new Error(`making the fake host: '${command.join(' ')}' exited with ${exit}: ${stderr}`)
  }
  for (const [name, { size = 100 * GIBIBYTE, altroot }] of Object.entries(options.pools ?? { zroot: {} })) {
    createPool(machine, { name, size, ...(altroot === undefined ? {} : { altroot }) })
    must(['zfs', 'mount', '-a'])
  }
  for (const [name, { volsize, origin, key, ...properties }] of Object.entries(options.datasets ?? {})) {
    const assignments = Object.entries(properties).flatMap(([property, value]) => ['-o', `${property}=${value}`])
    if (machine.dataset(name) !== undefined) {
      const words = Object.entries(properties).map(([property, value]) => `${property}=${value}`)
      if (words.length > 0) must(['zfs', 'set', ...words, name])
    } else if (origin !== undefined) {
      if (outside(['zfs', 'list', origin]).exit !== 0) must(['zfs', 'snapshot', origin])
      must(['zfs', 'clone', '-p', ...assignments, origin, name])
    } else {
      const volume = volsize === undefined ? [] : ['-V', volsize]
      must(['zfs', 'create', '-p', ...volume, ...assignments, name], key)
    }
  }
  for (const command of options.commands ?? []) must(command)
}
