/** The plan for all settings of a task: first the running kernel, which may refuse, then the files that a boot reads. */
import { Refused } from '../../core/errors.ts'
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import type { Step } from '../../core/step.ts'
import type { SeenFile } from '../program/file.ts'
import { dailySteps, isThere } from './daily.ts'
import { type Settled, type Shelf, settle } from './files.ts'
import { awaitingReboot, type Kernel, loadMissing, tuneKernel, unsettled } from './kernel.ts'
import { type Asked, type Request, requestsOf, sysctlWishes } from './requests.ts'

export interface Seen extends Kernel {
  /** Of each request, by its home. */
  readonly shelves: ReadonlyMap<string, Shelf>
  readonly hasServiceFolder: boolean
  readonly daily: SeenFile
}

type Values = Record<string, string>

export interface SettingsState {
  rc_conf?: Values
  rc_conf_d?: Record<string, Values>
  loader_conf?: Values
  sysctl?: Values
  sysctl_conf?: Values
  periodic_conf?: Values
  kernel_modules?: string[]
  pool_report?: boolean
  reboot_needed?: string[]
}

export const SERVICE_FOLDER = '/etc/rc.conf.d'

export function planSettings(asked: Asked, seen: Seen, done: readonly Done[]): Plan<SettingsState> {
  const requests = requestsOf(asked)
  const settled = requests.map(request => ({ request, ...settleOne(request, seen) }))
  const modules =
    asked.kernel_modules === undefined ? undefined : loadMissing(asked.kernel_modules, seen.loaded ?? new Set())
  const kernel = tuneKernel(sysctlWishes(asked), seen, {
    open: new Set(openSysctls(asked, seen)),
    awaits: (modules?.steps.length ?? 0) > 0,
    tried: assignmentsIn(done),
  })
  const problems = [...kernel.problems, ...settled.flatMap(one => one.problems)]
  if (problems.length > 0) throw new Refused(problems.join(' '))

  const writes = settled.flatMap(one => one.steps)
  const needsFolder = !seen.hasServiceFolder && writes.some(({ path }) => path.startsWith(`${SERVICE_FOLDER}/`))
  const waiting = awaitingReboot(wishesOf(requests, 'loader_conf'), seen.environment ?? new Map())
  const state = (when: 'before' | 'after'): SettingsState => ({
    ...partsOf(settled, when),
    ...(asked.sysctl === undefined ? {} : { sysctl: kernel[when] }),
    ...(modules === undefined ? {} : { kernel_modules: modules[when] }),
    ...(asked.pool_report === undefined
      ? {}
      : { pool_report: when === 'after' ? asked.pool_report : isThere(seen.daily) }),
    ...(asked.loader_conf === undefined ? {} : { reboot_needed: waiting }),
  })
  const steps: Step[] = [
    ...(modules?.steps ?? []),
    ...kernel.steps,
    ...(needsFolder ? [{ kind: 'directory', path: SERVICE_FOLDER, mode: 0o755 } as const] : []),
    ...writes,
    ...dailySteps(asked.pool_report, seen.daily),
  ]
  return {
    before: state('before'),
    after: state('after'),
    steps,
    warnings: waiting.map(name => rebootWarning(name, seen.environment?.get(name))),
    failures: kernel.failures,
    // A value that the kernel rounds would be set again by every run.
    verify: kernel.steps.length > 0,
    msg: summarize(steps, waiting),
  }
}

/** Sysctls that are not as they shall be, or would not be after a boot. */
export function openSysctls(asked: Asked, { sysctls, shelves }: Pick<Seen, 'sysctls' | 'shelves'>): string[] {
  const request = requestsOf(asked).find(({ part }) => part === 'sysctl_conf')
  const shelf = request && shelves.get(request.home)
  if (request === undefined || shelf === undefined) return []
  const { before } = settle(shelf, request.wishes)
  return unsettled(request.wishes, sysctls, name => before[name])
}

function settleOne(request: Request, seen: Seen): Settled {
  const shelf = seen.shelves.get(request.home)
  if (shelf === undefined) throw new TypeError(`${request.home} was not read`)
  return settle(shelf, request.wishes)
}

type Part = { readonly request: Request } & Settled

function partsOf(parts: readonly Part[], when: 'before' | 'after'): SettingsState {
  const state: SettingsState = {}
  for (const { request, ...settled } of parts) {
    if (request.part === 'rc_conf_d') state.rc_conf_d = { ...state.rc_conf_d, [request.service ?? '']: settled[when] }
    else state[request.part] = settled[when]
  }
  return state
}

const wishesOf = (requests: readonly Request[], part: Request['part']) =>
  requests.find(request => request.part === part)?.wishes ?? new Map()

const assignmentsIn = (done: readonly Done[]) =>
  new Set(
    done.flatMap(({ step }) => (step.kind === 'run' && step.command[0] === 'sysctl' ? step.command.slice(1) : [])),
  )

const rebootWarning = (name: string, booted: string | undefined) =>
  `${name} holds after a reboot: this kernel was booted ${booted === undefined ? 'without it' : `with ${booted}`}.`

function summarize(steps: readonly Step[], waiting: readonly string[]): string {
  const done = steps.length === 0 ? 'as wanted' : `${steps.length} step${steps.length === 1 ? '' : 's'}`
  return `the host's settings: ${done}${waiting.length === 0 ? '' : `; a reboot is needed for ${waiting.join(', ')}`}`
}
