/** The plan for all bridges of a task: first what is in force, which may refuse, then the files that a boot reads. */
import { Refused } from '../../core/errors.ts'
import type { Plan } from '../../core/module.ts'
import { describeStep, type Step } from '../../core/step.ts'
import { familyOf } from '../../freebsd/addresses.ts'
import type { Device } from '../../freebsd/ifconfig-network.ts'
import { addDefaultRoute } from '../../freebsd/route.ts'
import { type Sysctls, setSysctls } from '../../freebsd/sysctl.ts'
import { type Shelf, settle } from '../settings/files.ts'
import { bootWishes, clonesOf } from './boot.ts'
import { filterProblems, filterSteps, needsFilter, rulesOfTask, rulesText, type SeenFilter } from './filter.ts'
import { missing, objections } from './guard.ts'
import { ISOLATION_SYSCTLS } from './isolation.ts'
import { type BridgeState, liveSteps, movedAddresses, stateAfter, stateOf } from './live.ts'
import type { Request } from './requests.ts'

export interface Seen {
  readonly devices: readonly Device[]
  readonly rcConf: Shelf
  readonly sysctlConf: Shelf
  readonly sysctls: Sysctls
  /** Undefined where neither the task nor what was there before needs it. */
  readonly filter: SeenFilter | undefined
  /** The one that rc.conf names, where it leads through a bridge of the task; and whether there is any at all. */
  readonly route: { readonly router: string; readonly isThere: boolean } | undefined
}

export interface BridgesState {
  bridges: Record<string, BridgeState>
  rc_conf: Record<string, string>
  sysctl: Record<string, string>
  rules: string[]
}

export const FORWARDING = { inet: 'net.inet.ip.forwarding', inet6: 'net.inet6.ip6.forwarding' } as const
export const RELEASE = 'kern.osreldate'
export const MEMBER_ADDRESSES = 'net.link.bridge.member_ifaddrs'
const FREEBSD_15 = 1_500_000
export const SYSCTLS = [RELEASE, MEMBER_ADDRESSES, ...Object.values(FORWARDING), ...ISOLATION_SYSCTLS.keys()]

/** What rc.conf's files set, the last of equal names, as far as it can be read without running it. */
export function variablesIn({ syntax, files, defaults }: Shelf): Map<string, string> {
  const texts = [defaults?.text ?? '', ...files.map(({ text }) => text ?? '')]
  return new Map(
    texts.flatMap(text =>
      syntax.parse(text).flatMap(one => (one.kind === 'setting' ? [[one.name, one.value] as const] : [])),
    ),
  )
}

export function planBridges(requests: readonly Request[], allowsFilterStart: boolean, seen: Seen): Plan<BridgesState> {
  const devices = new Map(seen.devices.map(device => [device.name, device]))
  const variables = variablesIn(seen.rcConf)
  const kernel = kernelWishes(requests)
  const forwards = (['inet', 'inet6'] as const).filter(family => kernel.has(FORWARDING[family]))
  const refusesMemberAddresses =
    Number(seen.sysctls.get(RELEASE)) >= FREEBSD_15 && seen.sysctls.get(MEMBER_ADDRESSES) !== '1'
  const problems = [
    ...requests.flatMap(request =>
      objections(request, {
        devices,
        variables,
        refusesMemberAddresses,
        becomesRouter: seen.sysctls.get(FORWARDING.inet6) !== '1',
      }),
    ),
    ...(seen.filter !== undefined && requests.some(needsFilter) ? filterProblems(seen.filter, allowsFilterStart) : []),
  ]
  const clones = clonesOf(requests, variables)
  const rcConf = settle(
    seen.rcConf,
    bootWishes(requests, variables, { clones, filter: requests.some(needsFilter), forwards }),
  )
  const sysctlConf = settle(seen.sysctlConf, requests.some(isIsolated) ? ISOLATION_SYSCTLS : new Map())
  problems.push(...rcConf.problems, ...sysctlConf.problems)
  if (problems.length > 0) throw new Refused(problems.join(' '))

  const rules = seen.filter === undefined ? undefined : rulesText(requests, seen.filter.rules)
  const changed = new Map([...kernel].filter(([name, value]) => seen.sysctls.get(name) !== value))
  const steps: Step[] = [
    ...requests.flatMap(request =>
      liveSteps(request, devices, { unnamed: clones.get(request.name) ?? request.name, refusesMemberAddresses }),
    ),
    ...routeSteps(seen),
    ...(changed.size === 0 ? [] : [setSysctls(changed)]),
    ...(seen.filter === undefined || rules === undefined
      ? []
      : filterSteps(rules, seen.filter, requests.some(needsFilter))),
    ...sysctlConf.steps,
    ...rcConf.steps,
  ]
  const later = laterSteps(requests, devices, seen)
  return {
    before: {
      bridges: Object.fromEntries(requests.map(request => [request.name, stateOf(request, devices)])),
      rc_conf: rcConf.before,
      sysctl: valuesOf(kernel, seen.sysctls),
      rules: rulesOfTask(requests, seen.filter?.rules),
    },
    after: {
      bridges: Object.fromEntries(requests.map(request => [request.name, stateAfter(request)])),
      rc_conf: rcConf.after,
      sysctl: Object.fromEntries(kernel),
      rules: rulesOfTask(requests, rules),
    },
    steps,
    unmet: requests.flatMap(request => missing(request, devices)),
    ...(later.length === 0 ? {} : { later }),
    msg: summarize(requests, steps),
  }
}

const isIsolated = ({ state, isolate }: Request) => state === 'present' && isolate

/** Of the running kernel. What a bridge that goes away had asked for stays: something else may count on it. */
function kernelWishes(requests: readonly Request[]): Map<string, string> {
  const forwarding = requests.flatMap(({ state, forwards, addresses = [] }) =>
    state === 'present' && forwards ? addresses.map(address => FORWARDING[familyOf(address)]) : [],
  )
  return new Map([
    ...forwarding.sort().map(name => [name, '1'] as const),
    ...(requests.some(isIsolated) ? ISOLATION_SYSCTLS : []),
  ])
}

const valuesOf = (wishes: ReadonlyMap<string, string>, sysctls: Sysctls) =>
  Object.fromEntries(
    [...wishes.keys()].flatMap(name => {
      const value = sysctls.get(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )

/** A default route goes with the address of the network it leads through. */
const routeSteps = ({ route }: Seen): Step[] =>
  route === undefined || route.isThere ? [] : [addDefaultRoute(route.router)]

/** It is there now and will be gone when its address has moved: seen when that is done. */
function laterSteps(requests: readonly Request[], devices: ReadonlyMap<string, Device>, { route }: Seen): string[] {
  const moves = requests.some(request => request.state === 'present' && movedAddresses(request, devices).length > 0)
  return moves && route?.isThere ? [describeStep(addDefaultRoute(route.router))] : []
}

function summarize(requests: readonly Request[], steps: readonly Step[]): string {
  const names = requests.map(({ name }) => name).join(', ')
  return `${names}: ${steps.length === 0 ? 'as wanted' : `${steps.length} step${steps.length === 1 ? '' : 's'}`}`
}
