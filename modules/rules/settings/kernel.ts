/** What the running kernel has of the settings: values of sysctl(8), modules, and what it was booted with. */
import { closest } from 'fastest-levenshtein'
import type { RunStep } from '../../core/step.ts'
import { loadModules } from '../../freebsd/kld.ts'
import { isTunable } from '../../freebsd/loader-conf.ts'
import { canonicalSysctl, isNumeric, type Sysctls, setSysctls } from '../../freebsd/sysctl.ts'
import type { Wish } from './files.ts'

export interface Kernel {
  readonly sysctls: Sysctls
  /** Of those that are to be changed, and are known. */
  readonly writable: ReadonlySet<string>
  /** Every name there is, where one was asked for that is not. */
  readonly known: readonly string[]
  /** Undefined where no module was asked for. */
  readonly loaded: ReadonlySet<string> | undefined
  /** What the loader gave it; undefined where no tunable was asked for. */
  readonly environment: ReadonlyMap<string, string> | undefined
}

export interface Tuned {
  readonly before: Record<string, string>
  readonly after: Record<string, string>
  readonly steps: readonly RunStep[]
  readonly problems: readonly string[]
  /** What was set and is not so: the kernel made something else of it. */
  readonly failures: readonly string[]
}

/** The same to sysctl(8). */
export const isSame = (one: string, other: string) => canonicalSysctl(one) === canonicalSysctl(other)

/** Names that are to be set, now or in the file; only what is to be changed is asked about any further. */
export function unsettled(
  wishes: ReadonlyMap<string, Wish>,
  live: Sysctls,
  atBoot: (name: string) => string | undefined,
): string[] {
  return [...wishes].flatMap(([name, wish]) => {
    if (typeof wish !== 'string') return []
    const [now, later] = [live.get(name), atBoot(name)]
    return now !== undefined && later === wish && isSame(now, wish) ? [] : [name]
  })
}

/**
 * `open` are the names of `unsettled`; `awaits` says that modules are loaded first, which bring names of their own;
 * `tried` are assignments that this run has already made.
 */
export function tuneKernel(
  wishes: ReadonlyMap<string, Wish>,
  { sysctls, writable, known }: Pick<Kernel, 'sysctls' | 'writable' | 'known'>,
  { open, awaits, tried }: { open: ReadonlySet<string>; awaits: boolean; tried: ReadonlySet<string> },
): Tuned {
  const before: Record<string, string> = {}
  const after: Record<string, string> = {}
  const changes = new Map<string, string>()
  const problems: string[] = []
  const failures: string[] = []

  for (const [name, wish] of wishes) {
    const now = sysctls.get(name)
    if (now !== undefined) before[name] = now
    // Taken out of the file, it stays in the kernel as it is until the next boot.
    if (typeof wish !== 'string') {
      if (now !== undefined) after[name] = now
      continue
    }
    after[name] = now !== undefined && isSame(now, wish) ? now : canonicalSysctl(wish)
    const problem = open.has(name) ? objection(name, wish, now) : undefined
    if (problem !== undefined) problems.push(problem)
    else if (now === undefined || !isSame(now, wish)) {
      if (tried.has(`${name}=${wish}`))
        failures.push(
          `${name} was set to ${wish} and is ${now ?? 'not there'}: the kernel allows only some values. Ask for one of these.`,
        )
      else changes.set(name, wish)
    }
  }
  return { before, after, steps: changes.size === 0 ? [] : [setSysctls(changes)], problems, failures }

  function objection(name: string, wish: string, now: string | undefined): string | undefined {
    if (now === undefined) {
      if (awaits) return undefined
      if (known.some(one => one.startsWith(`${name}.`)))
        return `sysctl: ${name} stands for a whole tree. Name its parts.`
      return `sysctl: this kernel has no ${name}${known.length === 0 ? '' : `; did you mean ${closest(name, [...known])}?`} If a module brings it, name that in \`kernel_modules\`.`
    }
    if (!writable.has(name))
      return `sysctl: ${name} cannot be set while the system runs (it is ${now}). If it is a tunable of the loader, put it into \`loader_conf\`: it then holds after a reboot.`
    if (isNumeric(now) && !isNumeric(wish))
      return `sysctl: ${name} is a number (now ${now}), and '${wish}' is none. sysctl(8) takes no units: write it out.`
    return undefined
  }
}

export interface Modules {
  readonly before: string[]
  readonly after: string[]
  readonly steps: readonly RunStep[]
}

export function loadMissing(asked: readonly string[], loaded: ReadonlySet<string>): Modules {
  const wanted = [...new Set(asked)]
  const missing = wanted.filter(name => !loaded.has(name))
  return {
    before: wanted.filter(name => loaded.has(name)),
    after: wanted,
    steps: missing.length === 0 ? [] : [loadModules(missing)],
  }
}

/** Tunables that the kernel was booted with another value of, or without (fact rctl-1). */
export function awaitingReboot(wishes: ReadonlyMap<string, Wish>, environment: ReadonlyMap<string, string>): string[] {
  return [...wishes].flatMap(([name, wish]) => {
    if (!isTunable(name)) return []
    const isBooted = wish === null ? !environment.has(name) : environment.get(name) === wish
    return isBooted ? [] : [name]
  })
}
