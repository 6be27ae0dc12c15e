/**
 * An imitated FreeBSD machine: its state, the tree it acts on, and what makes it fail on purpose. Programs are in
 * index.ts; `run` (run.ts) is the one way to start one.
 */
import { createHash } from 'node:crypto'
import { type Fault, PowerCut } from './faults.ts'
import { memoryProcesses } from './memory-processes.ts'
import { containing } from './mounts.ts'
import type { Network, Power, Processes } from './processes.ts'
import type { Dataset, Mount, State } from './state.ts'
import type { Tree } from './tree.ts'

export type { Tree } from './tree.ts'

export interface Call {
  /** Without the program's name. */
  readonly args: readonly string[]
  readonly stdin: Buffer
  readonly cwd: string
  readonly uid: number
}

export interface Outcome {
  readonly exit: number
  readonly stdout: string
  /** Standard output that is no text; it comes after `stdout`. */
  readonly bytes?: Buffer
  readonly stderr: string
  /** It was ended by this signal after it had written that. */
  readonly endedBy?: NodeJS.Signals
  /** The process goes on as this command, and how that ends is how it ends; of real processes alone. */
  readonly become?: readonly string[]
}

export type Imitation = (machine: Machine, call: Call) => Outcome | Promise<Outcome>

export interface MachineOptions {
  /** OpenZFS version as `zfs version` prints it. Default: 2.2.6, as in the transcripts. */
  readonly zfsVersion?: string
  /** What is mounted from the start: the file systems no command of ours mounted. */
  readonly mounts?: readonly Pick<Mount, 'special' | 'node' | 'fstype' | 'options'>[]
  readonly sysctls?: Readonly<Record<string, string>>
}

export class Machine {
  readonly tree: Tree
  readonly clock: () => Date
  readonly state: State
  /** Processes started, by program. Budgets are asserted on it. */
  readonly counts: Record<string, number> = {}
  readonly faults: Fault[] = []
  processes: Processes = memoryProcesses
  network?: Network
  power?: Power
  readonly #content = new Map<string, unknown>()
  readonly #names = new Map<string, unknown>()
  readonly #datasets = new Map<string, Dataset>()
  #changesBeforePowerCut = Number.POSITIVE_INFINITY

  constructor(tree: Tree, clock: () => Date = () => new Date(), options: MachineOptions = {}) {
    this.tree = tree
    this.clock = clock
    this.state = {
      format: 1,
      zfsVersion: options.zfsVersion ?? '2.2.6',
      txg: 4,
      serial: 1,
      pools: [],
      datasets: [],
      mounts: [],
      sysctls: { ...options.sysctls },
    }
    for (const mount of options.mounts ?? []) this.addFixedMount(mount)
  }

  /** Something was mounted by nobody we imitate: the root, devfs. */
  addFixedMount(mount: Pick<Mount, 'special' | 'node' | 'fstype' | 'options'>): void {
    const { mounts } = this.state
    const parent = containing(mounts, mount.node)
    mounts.push({ ...mount, id: this.id('fixed'), fixed: true, ...(parent && { parent: parent.id }) })
  }

  /** The state, to be saved; storage is the tree's own affair. */
  toJSON(): State {
    return this.state
  }

  /** A machine as it was saved. Its mounts are believed to be there still: after a loss of power call `boot` (boot.ts). */
  static fromJSON(saved: State, tree: Tree, clock: () => Date = () => new Date()): Machine {
    const machine = new Machine(tree, clock)
    Object.assign(machine.state, structuredClone(saved))
    machine.#index()
    return machine
  }

  /** Every imitation calls this once per change that is on disk or in the kernel when the command ends. */
  changed(): number {
    this.state.txg += 1
    this.#content.clear()
    return this.state.txg
  }

  /**
   * Computes once what stays true until something changes or the command ends ('content'), or for as long as the same
   * datasets have the same names: there may be thousands.
   */
  once<Value>(key: string, compute: () => Value, as: 'content' | 'names' = 'content'): Value {
    const memory = as === 'names' ? this.#names : this.#content
    if (!memory.has(key)) memory.set(key, compute())
    return memory.get(key) as Value
  }

  /** Files may have been written between two commands. */
  forget(): void {
    this.#content.clear()
  }

  /** Grows with every change: a caller that saves the state saves when it differs. */
  get revision(): number {
    return this.state.txg
  }

  /** A 64-bit number in decimal, like a guid; the same for the same history. */
  guid(): string {
    const digest = createHash('sha256')
      .update(`guid ${this.state.serial++}`)
      .digest()
    return digest.readBigUInt64BE().toString()
  }

  /** A name for a mount or storage, never used twice. */
  id(prefix: string): string {
    return `${prefix}${this.state.serial++}`
  }

  get seconds(): number {
    return Math.floor(this.clock().getTime() / 1000)
  }

  dataset(name: string): Dataset | undefined {
    return this.#datasets.get(name)
  }

  add(dataset: Dataset): void {
    this.state.datasets.push(dataset)
    this.#datasets.set(dataset.name, dataset)
    this.#names.clear()
    this.changed()
  }

  remove(dataset: Dataset): void {
    this.state.datasets.splice(this.state.datasets.indexOf(dataset), 1)
    this.#datasets.delete(dataset.name)
    this.#names.clear()
    this.changed()
  }

  rename(datasets: readonly Dataset[], name: (dataset: Dataset) => string): void {
    for (const dataset of datasets) dataset.name = name(dataset)
    this.#index()
    this.changed()
  }

  #index(): void {
    this.#names.clear()
    this.#datasets.clear()
    for (const dataset of this.state.datasets) this.#datasets.set(dataset.name, dataset)
  }

  fault(fault: Fault): void {
    this.faults.push(fault)
  }

  /** Power is lost right after the `changes`th command that changes something, before its caller hears of it. */
  cutPowerAfter(changes: number): void {
    this.#changesBeforePowerCut = changes
  }

  /** Called by `run` after a command that changed something. */
  countChange(): void {
    this.#changesBeforePowerCut -= 1
    if (this.#changesBeforePowerCut > 0) return
    this.#changesBeforePowerCut = Number.POSITIVE_INFINITY
    throw new PowerCut()
  }
}
