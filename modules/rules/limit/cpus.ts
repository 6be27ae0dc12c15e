/** To which CPUs a jail is held: while it runs by cpuset(1), and from its start on by its configuration. */
import { InvalidOptions } from '../../core/errors.ts'
import type { RunStep } from '../../core/step.ts'
import { type Cpus, cpusIn, describeCpus, setCpus } from '../../freebsd/cpuset.ts'

export type CpusWish = Cpus | 'all'

export interface CpusSeen {
  /** Undefined where the jail does not run. */
  readonly current: Cpus | undefined
  /** Its file in /etc/jail.conf.d. */
  readonly configuration: string | undefined
}

/** `0-2,5`, or `all`. */
export function readCpuList(words: string): CpusWish {
  if (words === 'all') return 'all'
  const cpus = words.split(',').flatMap(part => {
    const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim()) ?? []
    if (first === undefined || Number(last) < Number(first))
      throw new InvalidOptions(`cpus: '${words}' is not a list of CPUs, like 0-3 or 0,2, and not 'all'`)
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index)
  })
  return [...new Set(cpus)].sort((one, other) => one - other)
}

export interface Held {
  readonly before: string | undefined
  readonly after: string | undefined
  readonly steps: readonly RunStep[]
  readonly problem?: string
  readonly warning?: string
}

export function holdToCpus(jail: string, wish: CpusWish, { current, configuration }: CpusSeen, count: number): Held {
  const wanted = wish === 'all' ? Array.from({ length: count }, (_, cpu) => cpu) : wish
  const before = current === undefined ? undefined : describeCpus(current)
  const after = describeCpus(wanted)
  if (wanted.some(cpu => cpu >= count))
    return { before, after, steps: [], problem: `${jail}: cpus ${after}: this host has CPUs 0 to ${count - 1} only.` }
  const warning = warningOf(jail, wanted, { isRunning: before !== undefined, isUsual: wish === 'all', configuration })
  return {
    before,
    after: before === undefined ? undefined : after,
    steps: before === undefined || before === after ? [] : [setCpus(jail, wanted)],
    ...(warning === undefined ? {} : { warning }),
  }
}

interface Circumstances {
  readonly isRunning: boolean
  readonly isUsual: boolean
  readonly configuration: string | undefined
}

/** A jail starts with all CPUs, unless a command of its configuration says otherwise. */
function warningOf(jail: string, cpus: Cpus, { isRunning, isUsual, configuration }: Circumstances) {
  if (isUsual || cpusIn(configuration ?? '') === describeCpus(cpus)) return undefined
  const fate = isRunning ? 'is held to its CPUs until it stops' : 'does not run, and only a running jail has CPUs'
  return `${jail} ${fate}. To have it so from every start on, give instance_jail the same: \`cpus: '${describeCpus(cpus)}'\`.`
}
