/** The plan for the limits of a task: first the kernel, which may refuse, then the file that a boot reads, then CPUs. */
import { Refused } from '../../core/errors.ts'
import type { Plan } from '../../core/module.ts'
import type { Step } from '../../core/step.ts'
import { describeRule, type Kernel, type Rule } from '../../freebsd/rctl.ts'
import type { BootFile } from '../../freebsd/rctl-conf.ts'
import { type CpusSeen, holdToCpus } from './cpus.ts'
import { obstacle, rulesIn, withLimits } from './file.ts'
import type { Request, TaskOptions } from './requests.ts'
import { changeRules, wantedOf } from './wishes.ts'

export interface Seen {
  readonly kernel: Kernel
  readonly file: BootFile
  readonly use: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** Of jails whose CPUs are spoken of. */
  readonly cpus: ReadonlyMap<string, CpusSeen>
  readonly cpuCount: number
  /** The next boot's kernel keeps limits: loader.conf(5) says so. */
  readonly isPrepared: boolean
}

interface JailState {
  limits: string[]
  at_boot: string[]
  use?: Record<string, number>
  cpus?: string
}

export interface LimitState {
  jails: Record<string, JailState>
}

export interface Manner {
  /** Of which resources to tell what is used. */
  readonly amount: TaskOptions['use']
  /** The kernel need not keep limits before the next boot. */
  readonly allowsLater: boolean
}

export function planLimits(
  requests: readonly Request[],
  { amount, allowsLater }: Manner,
  seen: Seen,
): Plan<LimitState> {
  const { file, kernel } = seen
  const live = 'rules' in kernel ? kernel.rules : []
  const text = withLimits(file.text ?? '', requests)
  const isWritten = text !== (file.text ?? '')
  const isLater = allowsLater && 'without' in kernel
  const jails = requests.map(request => {
    const present = live.filter(({ jail }) => jail === request.jail)
    const boot = { before: rulesIn(file.text, request.jail), after: rulesIn(text, request.jail) }
    const cpus = request.cpus && seen.cpus.get(request.jail)
    const held = request.cpus && cpus && holdToCpus(request.jail, request.cpus, cpus, seen.cpuCount)
    const state = (when: 'before' | 'after', rules: readonly Rule[]): JailState => ({
      limits: rules.map(describeRule).sort(),
      at_boot: boot[when].map(describeRule).sort(),
      ...usePart(seen.use.get(request.jail), rules, amount),
      ...(held?.[when] === undefined ? {} : { cpus: held[when] }),
    })
    const wanted = isLater ? [] : wantedOf(request, present)
    return { request, present, wanted, held, before: state('before', present), after: state('after', wanted) }
  })

  const wantsLimits = requests.some(({ limits }) => [...(limits?.values() ?? [])].flat().length > 0)
  if (wantsLimits && 'without' in kernel && kernel.without === 'support')
    throw new Refused(
      'this kernel was built without the options RACCT and RCTL and can limit nothing. Boot a kernel that has them, like GENERIC.',
    )
  const problems = [...(isWritten ? [obstacle(file)] : []), ...jails.map(({ held }) => held?.problem)].filter(
    one => one !== undefined,
  )
  if (problems.length > 0) throw new Refused(problems.join(' '))

  const steps: Step[] = [
    ...changeRules(
      jails.flatMap(({ present }) => present),
      jails.flatMap(({ wanted }) => wanted),
    ),
    ...(isWritten ? [{ kind: 'write', path: file.path, content: text } as const] : []),
    ...jails.flatMap(({ held }) => held?.steps ?? []),
  ]
  return {
    before: { jails: Object.fromEntries(jails.map(({ request, before }) => [request.jail, before])) },
    after: { jails: Object.fromEntries(jails.map(({ request, after }) => [request.jail, after])) },
    steps,
    unmet: wantsLimits && 'without' in kernel && !isLater ? [switchedOff(seen.isPrepared)] : [],
    warnings: [
      ...(wantsLimits && isLater ? [switchedOff(seen.isPrepared)] : []),
      ...(wantsLimits && !file.isRead ? [unread(file.path)] : []),
      ...jails.flatMap(({ request }) => swappingWarning(request)),
      ...jails.flatMap(({ held }) => held?.warning ?? []),
    ],
    msg: `limits of ${jails.length === 1 ? jails[0]?.request.jail : `${jails.length} jails`}: ${steps.length === 0 ? 'as wanted' : `${steps.length} step${steps.length === 1 ? '' : 's'}`}`,
  }
}

function usePart(
  use: ReadonlyMap<string, number> | undefined,
  rules: readonly Rule[],
  amount: TaskOptions['use'],
): { use?: Record<string, number> } {
  if (use === undefined) return {}
  const isShown = (resource: string) => amount === 'all' || rules.some(rule => rule.resource === resource)
  const shown = [...use].filter(([resource]) => isShown(resource))
  return shown.length === 0 ? {} : { use: Object.fromEntries(shown) }
}

/** A tunable of the boot: no task before this one can have made it true without a reboot (fact rctl-1). */
const switchedOff = (isPrepared: boolean) =>
  `kern.racct.enable is 0: this kernel was booted without limits. ${isPrepared ? 'The next boot turns them on: reboot.' : 'Put kern.racct.enable=1 into /boot/loader.conf (host_settings with loader_conf: { kern.racct.enable: 1 }, which sees to other files of the loader, too) and reboot.'}`

const unread = (path: string) =>
  `rctl_enable is not YES in rc.conf, so that no boot reads ${path}: the limits end with the next reboot. Set it with host_settings, rc_conf: { rctl_enable: true }.`

/** RACCT_RSS cannot be denied: vm_daemon (sys/vm/vm_swapout.c, 14) pages out what is too much, and the process goes on. */
function swappingWarning({ jail, limits }: Request): string[] {
  const given = [...(limits ?? [])].filter(([, rules]) => rules.length > 0).map(([kind]) => kind)
  const isHeld = given.some(kind => /^memoryuse:sig|^(swapuse|vmemoryuse):/.test(kind))
  if (!given.includes('memoryuse:deny') || isHeld) return []
  return [
    `${jail}: memoryuse:deny denies nothing: beyond it, memory is moved to swap, and a Java heap that grows makes the host slow instead of failing. What holds: swapuse, which lets an allocation fail; memoryuse:sigterm or memoryuse:sigkill, which end the process; and -Xmx. CPUs are shared out by \`cpus\`.`,
  ]
}
