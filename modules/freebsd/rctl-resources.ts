/** What rctl(8) can limit, and how. Sources: sys/kern/kern_racct.c (racct_types), sys/kern/kern_rctl.c (14). */

export type Kind = 'bytes' | 'count' | 'seconds' | 'percent'

export interface Resource {
  readonly kind: Kind
  /** The usual action where none is named; cputime and wallclock have none. */
  readonly usual?: 'deny' | 'throttle'
  /** It is not counted for a single process (RACCT_SLOPPY). */
  readonly isOfMany?: true
}

/** In the order in which `rctl -u` prints them. */
export const RESOURCES: Readonly<Record<string, Resource>> = {
  cputime: { kind: 'seconds' },
  datasize: { kind: 'bytes', usual: 'deny' },
  stacksize: { kind: 'bytes', usual: 'deny' },
  coredumpsize: { kind: 'bytes', usual: 'deny' },
  memoryuse: { kind: 'bytes', usual: 'deny' },
  memorylocked: { kind: 'bytes', usual: 'deny' },
  maxproc: { kind: 'count', usual: 'deny' },
  openfiles: { kind: 'count', usual: 'deny' },
  vmemoryuse: { kind: 'bytes', usual: 'deny' },
  pseudoterminals: { kind: 'count', usual: 'deny', isOfMany: true },
  swapuse: { kind: 'bytes', usual: 'deny', isOfMany: true },
  nthr: { kind: 'count', usual: 'deny' },
  msgqqueued: { kind: 'count', usual: 'deny', isOfMany: true },
  msgqsize: { kind: 'bytes', usual: 'deny', isOfMany: true },
  nmsgq: { kind: 'count', usual: 'deny', isOfMany: true },
  nsem: { kind: 'count', usual: 'deny', isOfMany: true },
  nsemop: { kind: 'count', usual: 'deny' },
  nshm: { kind: 'count', usual: 'deny', isOfMany: true },
  shmsize: { kind: 'bytes', usual: 'deny', isOfMany: true },
  wallclock: { kind: 'seconds' },
  pcpu: { kind: 'percent', usual: 'deny' },
  readbps: { kind: 'bytes', usual: 'throttle' },
  writebps: { kind: 'bytes', usual: 'throttle' },
  readiops: { kind: 'count', usual: 'throttle' },
  writeiops: { kind: 'count', usual: 'throttle' },
}

const SIGNALS =
  `hup int quit ill trap abrt emt fpe kill bus segv sys pipe alrm term urg stop tstp chld ttin ttou io xcpu
  xfsz vtalrm prof winch info usr1 usr2 thr`.split(/\s+/)

export const ACTIONS: readonly string[] = ['deny', 'throttle', 'log', 'devctl', ...SIGNALS.map(name => `sig${name}`)]

/** For whom an amount is counted. */
export const COUNTED_FOR: readonly string[] = ['process', 'user', 'loginclass', 'jail']

/** What the kernel refuses with EOPNOTSUPP, ERANGE, or by dividing by zero; for a person, or undefined. */
export function ruleProblem(resource: string, action: string, amount: bigint, per: string): string | undefined {
  const { kind, usual, isOfMany } = RESOURCES[resource] ?? { kind: 'count' }
  if (action === 'deny' && usual !== 'deny')
    return `${resource} cannot be denied. ${usual === undefined ? 'Name an action that it has: log, devctl or a signal like sigterm.' : 'Throttle it.'}`
  if (action === 'throttle' && usual !== 'throttle')
    return `${resource} cannot be throttled; readbps, writebps, readiops and writeiops can.${resource === 'pcpu' ? ' To hold a jail to some CPUs, give `cpus`.' : ''}`
  if (action === 'throttle' && amount === 0n) return 'the kernel cannot throttle to nothing. Give an amount above 0.'
  if (per === 'process' && isOfMany) return `${resource} is not counted for a single process. Leave '/process' out.`
  const most = kind === 'seconds' || kind === 'percent' ? MOST / 1_000_000n : MOST
  return amount > most ? `${amount} is more than the kernel can count: at most ${most}.` : undefined
}

/** INT64_MAX; times and percents are kept a million times as large (RACCT_IN_MILLIONS). */
const MOST = 2n ** 63n - 1n
