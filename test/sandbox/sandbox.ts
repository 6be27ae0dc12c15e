/** Sandbox hosts for tests, the demo and the command line: a make-believe FreeBSD each, in namespaces of its own. */
import { execFile, spawn } from 'node:child_process'
import { chmodSync, closeSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import type { State } from '../imitation/state.ts'
import { ask, type OrderedFault, PowerLost, type Reply, type Request, type ShellOutcome } from './control.ts'
import { PLAIN_USER, writeDisk } from './disk.ts'
import * as folder from './folder.ts'
import { INSTALLATION } from './installed.ts'
import { end, identify } from './processes.ts'
import { assertPossible, node, python, unshare } from './requirements.ts'
import type { Settings } from './settings.ts'

export type { OrderedFault, ShellOutcome } from './control.ts'
export { PowerLost } from './control.ts'
export { missingPackages } from './requirements.ts'

export interface SandboxOptions {
  /** A host name: it becomes the host's, and its directory's. */
  readonly name: string
  /** Where disks are kept. Default: `SANDBOX_DIRECTORY`, or `.sandbox` in the repository. */
  readonly directory?: string
  /** Goes on with the disk of before, as after a power cut. Default: a fresh one. */
  readonly keepDisk?: boolean
  /** Has /usr/local/bin/python3, as few FreeBSD hosts do. */
  readonly python?: boolean
  /** OpenZFS version to imitate. Default: FreeBSD 14.2's. */
  readonly zfsVersion?: string
  /** Size of its pool. Default: 12 GB. */
  readonly poolBytes?: number
  /** Commands that make the machine, in place of an installation's on the pool zroot. */
  readonly installation?: readonly (readonly string[])[]
}

export interface Sandbox {
  readonly name: string
  readonly address: string
  readonly port: number
  /** `root`; the plain user is `admin`, who may use sudo. */
  readonly user: string
  readonly plainUser: string
  readonly keyFile: string
  readonly knownHosts: string
  inventoryVars(user?: string): Record<string, string | number>
  /** Arguments for ssh(1), up to and with the destination. */
  sshArguments(user?: string): string[]
  /** Runs a command line in the host's sh(1), as root. Rejects with `PowerLost` when the power goes meanwhile. */
  run(command: string, input?: string): Promise<ShellOutcome>
  /** Processes started since the start or the last `resetCounts`, by program. */
  counts(): Promise<Record<string, number>>
  resetCounts(): Promise<void>
  state(): Promise<State>
  setSysctl(name: string, value: string): Promise<void>
  fault(fault: OrderedFault): Promise<void>
  clearFaults(): Promise<void>
  /** The power goes right after that many more changing commands, before their caller hears of it. */
  cutPowerAfter(changes: number): Promise<void>
  /** Ends all that runs, at once. Only the disk remains. */
  powerCut(): Promise<void>
  /** After a loss of power: mounts are gone and made anew as at a boot. */
  boot(): Promise<void>
  /** Leaves no process, no mount and, unless `keepDisk`, no file. */
  stop(how?: { keepDisk?: boolean }): Promise<void>
}

const HERE = import.meta.dirname

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(options.name)) {
    throw new Error(
      `'${options.name}' cannot name a sandbox host: use small letters, digits and '-', beginning with a letter.`,
    )
  }
  assertPossible()
  const place = resolve(options.directory ?? folder.defaultFolder())
  const disk = join(place, options.name)

  // Also one that a crashed run has left.
  const left = folder.readRecord(disk)
  if (left !== undefined) await end(left.process)
  if (!options.keepDisk || left === undefined) await makeDisk(disk, options)

  let port = await switchOn(disk)
  folder.writeInventory(place)
  return {
    name: options.name,
    address: folder.ADDRESS,
    get port() {
      return port
    },
    user: 'root',
    plainUser: PLAIN_USER,
    keyFile: join(disk, 'key'),
    knownHosts: join(disk, 'known_hosts'),
    inventoryVars: (user = 'root') => folder.inventoryVars(disk, port, user),
    sshArguments: (user = 'root') => folder.sshArguments(disk, port, user),
    run: (command, input = '') => tell(disk, { ask: 'shell', command, input }),
    counts: () => tell(disk, { ask: 'counts' }),
    resetCounts: async () => void (await tell(disk, { ask: 'resetCounts' })),
    state: () => tell(disk, { ask: 'state' }),
    setSysctl: async (name, value) => void (await tell(disk, { ask: 'setSysctl', name, value })),
    fault: async fault => void (await tell(disk, { ask: 'fault', fault })),
    clearFaults: async () => void (await tell(disk, { ask: 'clearFaults' })),
    cutPowerAfter: async changes => void (await tell(disk, { ask: 'cutPowerAfter', changes })),
    powerCut: () => switchOff(disk),
    async boot() {
      await switchOff(disk)
      port = await switchOn(disk)
      folder.writeInventory(place)
    },
    stop: ({ keepDisk = false } = {}) => stopSandbox(options.name, place, keepDisk),
  }
}

/** Also ends and removes what another process has started. */
export async function stopSandbox(name: string, directory: string, keepDisk: boolean): Promise<void> {
  const disk = join(directory, name)
  await switchOff(disk)
  if (!keepDisk) folder.removeDisk(disk)
  folder.writeInventory(directory)
}

async function makeDisk(disk: string, options: SandboxOptions): Promise<void> {
  if (existsSync(disk) && !existsSync(folder.settingsOf(disk))) {
    throw new Error(
      `${disk} is there and is not a sandbox host's disk. Remove it, or choose another name or directory.`,
    )
  }
  folder.removeDisk(disk)
  mkdirSync(disk, { recursive: true, mode: 0o700 })
  const settings: Settings = {
    name: options.name,
    python: options.python ?? false,
    installation: options.installation ?? INSTALLATION,
    ...(options.zfsVersion === undefined ? {} : { zfsVersion: options.zfsVersion }),
    ...(options.poolBytes === undefined ? {} : { poolBytes: options.poolBytes }),
  }
  // First, since it is what tells a disk of ours.
  writeFileSync(folder.settingsOf(disk), JSON.stringify(settings))

  const key = (file: string) =>
    promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', options.name, '-f', join(disk, file)])
  const keys = Promise.all([key('key'), key('host_key')])
  mkdirSync(join(disk, 'root'))
  chmodSync(join(disk, 'root'), 0o755)
  writeDisk(join(disk, 'root'), settings)
  await keys
  // Where sshd's start script keeps it.
  const ssh = join(disk, 'root/etc/ssh')
  mkdirSync(ssh, { recursive: true })
  for (const end of ['', '.pub']) cpSync(join(disk, `host_key${end}`), join(ssh, `ssh_host_ed25519_key${end}`))
}

/** Starts what is on the disk and gives the port of its sshd. */
async function switchOn(disk: string): Promise<number> {
  await build({
    entryPoints: [join(HERE, 'resident.ts')],
    outfile: join(disk, 'resident.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
  const settings = JSON.parse(readFileSync(folder.settingsOf(disk), 'utf8')) as Settings
  const [nodeProgram, pythonProgram] = [node(), python()]
  const boot = [join(HERE, 'boot.sh'), settings.name, disk, HERE, nodeProgram.prefix, nodeProgram.path]
  const flags = ['--mount', '--propagation', 'private', '--pid', '--uts', '--fork', '--kill-child', '--', '/bin/sh']
  const [program, ...args] = unshare(...flags, ...boot, pythonProgram.prefix, pythonProgram.path)

  const log = openSync(join(disk, 'log'), 'w', 0o600)
  const started = spawn(program, args, { detached: true, cwd: '/', stdio: ['ignore', log, log, 'pipe'] })
  closeSync(log)
  const identity = identify(started.pid ?? 0)
  const record = (port: number) => folder.writeWhole(folder.recordOf(disk), JSON.stringify({ process: identity, port }))
  record(0)

  const told = started.stdio[3] as Readable
  let text = ''
  for await (const piece of told) {
    text += piece
    // Others in there hold the descriptor too: it does not end.
    if (text.endsWith('\n')) break
  }
  if (text === '') {
    await end(identity)
    throw new Error(
      `the sandbox host '${settings.name}' does not start:\n${readFileSync(join(disk, 'log'), 'utf8').trim()}`,
    )
  }
  started.unref()
  const { port } = JSON.parse(text) as { port: number }
  folder.writeWhole(folder.settingsOf(disk), JSON.stringify({ ...settings, port }))
  const hostKey = readFileSync(join(disk, 'host_key.pub'), 'utf8')
  writeFileSync(join(disk, 'known_hosts'), `[${folder.ADDRESS}]:${port} ${hostKey}`)
  // Last: a host with a port is in the inventory.
  record(port)
  return port
}

async function switchOff(disk: string): Promise<void> {
  const record = folder.readRecord(disk)
  if (record !== undefined) await end(record.process)
}

function tell<R extends Request>(disk: string, request: R): Promise<Reply<R>> {
  const record = folder.running(disk)
  if (record === undefined) return Promise.reject(new PowerLost())
  // The host's own socket, seen through its root: a path below the disk could be longer than a socket's may be.
  return ask(`/proc/${record.process.pid}/root/.sandbox/control`, request)
}
