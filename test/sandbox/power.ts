/** A sandbox host's machine comes to life: the first time by an installation, then as its disk has it. */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { noteTime, powerUp } from '../imitation/boot.ts'
import { Machine } from '../imitation/machine.ts'
import { run } from '../imitation/run.ts'
import { PLAIN_USER } from './disk.ts'
import { machineOptions, ROOT_DATASET } from './installed.ts'
import type { Settings } from './settings.ts'
import { realTree } from './tree.ts'

const DISK = '/.sandbox/disk'
const STORE = `${DISK}/store`
/** The machine's state as JSON. */
export const STATE = `${DISK}/machine.json`

export async function switchOn(settings: Settings): Promise<Machine> {
  const tree = realTree(STORE)
  const machine = existsSync(STATE)
    ? Machine.fromJSON(JSON.parse(readFileSync(STATE, 'utf8')), tree)
    : new Machine(tree, () => new Date(), machineOptions(settings.name, settings.zfsVersion))
  if (existsSync(STATE)) await mountAgain(machine)
  else {
    noteTime(machine)
    // What an installation that was cut short has left.
    rmSync(STORE, { recursive: true, force: true })
    mkdirSync(STORE)
    await install(machine, settings)
    const root = machine.dataset(ROOT_DATASET)
    if (root !== undefined) tree.adopt(root.storage, `${DISK}/root`)
  }
  for (const program of Object.keys(machine.counts)) delete machine.counts[program]
  return machine
}

async function install(machine: Machine, { installation, poolBytes }: Settings): Promise<void> {
  for (const command of installation) {
    const { exit, stderr } = await start(machine, command)
    if (exit !== 0) throw new Error(`installing: '${command.join(' ')}' exited with ${exit}: ${stderr}`)
  }
  if (poolBytes !== undefined) for (const pool of machine.state.pools) Object.assign(pool, { size: poolBytes })
  // Over the root's own directories lie empty datasets now.
  for (const directory of ['/tmp', '/var/tmp']) chmodSync(directory, 0o1777)
  const home = `/home/${PLAIN_USER}`
  mkdirSync(home, { recursive: true })
  chownSync(home, 1001, 1001)
}

/** What comes back by itself when a host is switched on again: first rc.d/zfs, then rc.d/mountcritlocal of FreeBSD's base. */
export async function mountAgain(machine: Machine): Promise<void> {
  powerUp(machine)
  await start(machine, ['mount', '-a'])
}

const start = (machine: Machine, [program = '', ...args]: readonly string[]) =>
  run(machine, program, { args, stdin: Buffer.alloc(0), cwd: '/', uid: 0 })
