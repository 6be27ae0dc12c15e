/**
 * A virtual machine with real OpenZFS: Debian's kernel in QEMU, with a pool `zroot` and a pool `backup`, reached by a real
 * sshd on the loopback. `npm run test:zfs` makes its image ready first (build/setup/openzfs.mjs).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { layerOver, poolDisk } from './disks.ts'
import { type Answer, type Running, shellWords, startCommand } from './remote.ts'

export const POOLS = ['zroot', 'backup'] as const
const POOL_BYTES = 16 * 2 ** 30
const MEMORY_MEBIBYTES = 3072
const BOOT_SECONDS = 120

export interface RunOptions {
  readonly input?: string | Buffer
  readonly timeoutSeconds?: number
  /** Exit statuses that are no failure; by default 0 alone. */
  readonly exits?: readonly number[]
}

export interface Machine {
  /** Seconds from power on to a login, and to both pools. */
  readonly bootSeconds: number
  /** For an inventory of Ansible's. */
  readonly inventoryVars: Readonly<Record<string, string | number>>
  /** Runs a command there as root. Throws where it exits with a status that is not expected. */
  run(command: readonly string[], options?: RunOptions): Promise<Answer>
  /** The same for lines of sh; gives what they printed. */
  shell(lines: string, options?: RunOptions): Promise<string>
  /** Begins a command and does not wait. */
  start(command: readonly string[], options?: RunOptions): Running
  /** Writes a file there. */
  write(path: string, content: string | Buffer, mode?: string): Promise<void>
  /** Pulls the plug. Only `boot` works then. */
  kill(): Promise<void>
  /** After `kill`: the same disks, the pools imported. */
  boot(): Promise<void>
  /** The machine and its disks are gone. */
  stop(): Promise<void>
}

export interface MoreDisks {
  /** One more disk, /dev/vdd: a file that is written to. */
  readonly disk?: string
  /** The same with what is in a file that is not written to. */
  readonly content?: string
}

export async function startMachine({ disk, content }: MoreDisks = {}): Promise<Machine> {
  const [kernel, image] = [process.env.BLUEJAIL_ZFS_KERNEL, process.env.BLUEJAIL_ZFS_IMAGE]
  if (kernel === undefined || image === undefined)
    throw new Error('The image of the machine with OpenZFS is not ready. Run `npm run test:zfs`, which makes it.')

  const directory = mkdtempSync(join(tmpdir(), 'zfs-machine-'))
  const port = await freePort()
  const system = await layerOver(join(image, 'root.img'), join(directory, 'system.qcow2'))
  const disks = [...POOLS.map(pool => poolDisk(directory, pool, POOL_BYTES)), ...(disk === undefined ? [] : [disk])]
  if (content !== undefined) disks.push(await layerOver(content, join(directory, 'content.qcow2')))
  const sshOptions = [
    ...option('IdentityFile', join(image, 'key')),
    ...option('IdentitiesOnly', 'yes'),
    ...option('HostKeyAlias', 'zfs-test'),
    ...option('UserKnownHostsFile', join(image, 'known_hosts')),
    ...option('ControlPath', join(directory, 'ssh')),
    ...option('ControlMaster', 'auto'),
    ...option('ControlPersist', '3600'),
    ...option('LogLevel', 'ERROR'),
  ]
  const ssh = (...words: string[]) => [
    'ssh',
    '-F',
    'none',
    ...sshOptions,
    '-p',
    String(port),
    'root@127.0.0.1',
    ...words,
  ]
  let qemu: ChildProcess | undefined
  // Also where the tests are interrupted.
  process.on('exit', () => {
    qemu?.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })

  function powerOn(): void {
    const console_ = openSync(join(directory, 'console'), 'a')
    qemu = spawn('qemu-system-x86_64', qemuArguments({ kernel, image, system, disks, port } as Parts), {
      stdio: ['ignore', console_, console_],
    })
  }

  async function login(): Promise<void> {
    const deadline = Date.now() + BOOT_SECONDS * 1000
    for (;;) {
      const { exit, stderr } = await startCommand(ssh('true'), '', 20).ended
      if (exit === 0) return
      if (qemu?.exitCode !== null || Date.now() > deadline)
        throw new Error(`The machine did not come up: ${stderr}\n${readFileSync(join(directory, 'console'), 'utf8')}`)
      await after(250)
    }
  }

  async function powerOff(): Promise<void> {
    await startCommand(ssh('-O', 'exit'), '', 10).ended.catch(() => {})
    const ended = new Promise(resolve => qemu?.on('exit', resolve))
    if (qemu?.exitCode === null && qemu.kill('SIGKILL')) await ended
  }

  const start: Machine['start'] = (command, { input, timeoutSeconds } = {}) =>
    startCommand(ssh(shellWords(command)), input, timeoutSeconds)

  const run: Machine['run'] = async (command, options = {}) => {
    const answer = await start(command, options).ended
    if ((options.exits ?? [0]).includes(answer.exit)) return answer
    throw new Error(`'${shellWords(command)}' exited with ${answer.exit}: ${answer.stderr}${answer.stdout}`)
  }

  const began = Date.now()
  powerOn()
  try {
    await login()
    for (const [index, pool] of POOLS.entries())
      await run(['zpool', 'create', '-O', `mountpoint=/${pool}`, pool, `/dev/vd${'bc'[index]}1`])
  } catch (error) {
    await powerOff()
    throw error
  }

  return {
    bootSeconds: (Date.now() - began) / 1000,
    inventoryVars: {
      ansible_host: '127.0.0.1',
      ansible_port: port,
      ansible_user: 'root',
      ansible_ssh_private_key_file: join(image, 'key'),
      ansible_ssh_common_args: `-F none -o HostKeyAlias=zfs-test -o UserKnownHostsFile=${join(image, 'known_hosts')}`,
      ansible_python_interpreter: '/usr/bin/python3',
    },
    run,
    start,
    shell: async (lines, options) => (await run(['sh', '-euc', lines], options)).stdout,
    async write(path, content, mode = '0644') {
      await run(['sh', '-euc', 'mkdir -p "$(dirname "$1")"; cat >"$1"; chmod "$2" "$1"', '-', path, mode], {
        input: content,
      })
    },
    kill: powerOff,
    async boot() {
      powerOn()
      await login()
      for (const pool of POOLS) await run(['zpool', 'import', '-f', pool])
    },
    async stop() {
      await powerOff()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

interface Parts {
  readonly kernel: string
  readonly image: string
  readonly system: string
  readonly disks: readonly string[]
  readonly port: number
}

/** Hardware's own virtualisation is not used: where it is offered inside another virtual machine it may hang. */
const qemuArguments = ({ kernel, image, system, disks, port }: Parts): string[] => [
  ...['-accel', 'tcg,thread=multi', '-cpu', 'qemu64,+rdrand', '-smp', '2', '-m', String(MEMORY_MEBIBYTES)],
  ...['-nodefaults', '-display', 'none', '-serial', 'stdio', '-no-reboot'],
  ...['-kernel', join(kernel, 'vmlinuz'), '-initrd', join(image, 'initrd')],
  ...['-append', 'console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on tsc=reliable clocksource=tsc'],
  ...drive(system, 'qcow2'),
  ...disks.flatMap(disk => drive(disk, disk.endsWith('.qcow2') ? 'qcow2' : 'raw')),
  // No way out of it, and one way in.
  ...['-netdev', `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
  ...['-device', 'virtio-net-pci,netdev=net,romfile='],
]

const drive = (file: string, format: string) => [
  '-drive',
  `file=${file},format=${format},if=virtio,cache=unsafe,discard=unmap`,
]

const option = (name: string, value: string) => ['-o', `${name}=${value}`]

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
