/** The plan for all bridges of a task: first what is in force, which may refuse, then the files that a boot reads. */
import { Refused } from '../../core/errors.ts'
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import type { Step } from '../../core/step.ts'
import { familyOf } from '../../freebsd/addresses.ts'
import type { Interface } from '../../freebsd/ifconfig.ts'
import { type Sysctls, setSysctls } from '../../freebsd/sysctl.ts'
import { type ConfFile, type Shelf, settle } from '../settings/files.ts'
import { bootWishes, clonesOf, namedClones, type Variables } from './boot.ts'
import {
  bridgedRules,
  filterProblems,
  filterSteps,
  natWarnings,
  needsFilter,
  rulesOfTask,
  rulesText,
  type SeenFilter,
  takenRedirects,
} from './filter.ts'
import { forwardingWarnings } from './forwarding.ts'
import { missing, objections } from './guard/bridge.ts'
import { overrides } from './guard/overrides.ts'
import { tagWarnings } from './guard/tags.ts'
import { ISOLATION_SYSCTLS, PFIL_BRIDGE } from './isolation.ts'
import { type BridgeState, liveSteps, stateAfter, stateOf } from './live.ts'
import { openWarnings } from './members.ts'
import { wayBack } from './moving.ts'
import type { Request } from './requests.ts'
import type { SeenRoute } from './routes.ts'

export interface Seen {
  readonly devices: readonly Interface[]
  readonly rcConf: Shelf
  readonly sysctlConf: Shelf
  readonly sysctls: Sysctls
  /** Undefined where neither the task nor what was there before needs it. */
  readonly filter: SeenFilter | undefined
  /** Those of rc.conf that lead through bridges of the task. */
  readonly routes: readonly SeenRoute[]
  /** Files that count more than rc.conf for what a bridge needs at boot. */
  readonly overriding: readonly ConfFile[]
  readonly sshPorts: readonly number[]
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

export function planBridges(
  requests: readonly Request[],
  allowsFilterStart: boolean,
  seen: Seen,
  done: readonly Done[] = [],
): Plan<BridgesState> {
  const devices = new Map(seen.devices.map(device => [device.name, device]))
  const variables = variablesIn(seen.rcConf)
  const kernel = kernelWishes(requests)
  const rcConf = settle(
    seen.rcConf,
    bootWishes(requests, variables, {
      clones: clonesOf(requests, variables, devices),
      filter: requests.some(needsFilter),
      forwards: (['inet', 'inet6'] as const).filter(family => kernel.has(FORWARDING[family])),
      refusesMemberAddresses: refusesMemberAddresses(seen),
    }),
  )
  const sysctlConf = settle(seen.sysctlConf, requests.some(isBounded) ? ISOLATION_SYSCTLS : new Map())
  const returning = requests.flatMap(request => wayBack(request, devices, seen.routes, done) ?? [])
  const rules = seen.filter === undefined ? undefined : rulesText(requests, seen.filter.rules, devices)
  if (returning.length === 0) {
    const problems = [
      ...problemsOf(requests, allowsFilterStart, devices, seen),
      ...overrides(seen.overriding, rcConf.after),
      ...rcConf.problems,
      ...sysctlConf.problems,
    ]
    if (problems.length > 0) throw new Refused(problems.join(' '))
  }

  const changed = new Map([...kernel].filter(([name, value]) => seen.sysctls.get(name) !== value))
  const named = namedClones(variables)
  const steps: Step[] =
    returning.length > 0
      ? returning.flatMap(one => one.steps)
      : [
          ...requests.flatMap(request =>
            liveSteps(request, devices, {
              unnamed: named.get(request.name),
              routes: seen.routes,
              refusesMemberAddresses: refusesMemberAddresses(seen),
            }),
          ),
          ...(changed.size === 0 ? [] : [setSysctls(changed)]),
          ...(seen.filter === undefined || rules === undefined
            ? []
            : filterSteps(rules, seen.filter, requests.some(needsFilter))),
          ...sysctlConf.steps,
          ...rcConf.steps,
        ]
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
    failures: returning.flatMap(one => one.failures),
    warnings: warningsOf(requests, devices, variables),
    msg: summarize(requests, steps),
  }
}

const refusesMemberAddresses = ({ sysctls }: Seen) =>
  Number(sysctls.get(RELEASE)) >= FREEBSD_15 && sysctls.get(MEMBER_ADDRESSES) !== '1'

function problemsOf(
  requests: readonly Request[],
  allowsFilterStart: boolean,
  devices: ReadonlyMap<string, Interface>,
  seen: Seen,
): string[] {
  const surroundings = {
    devices,
    variables: variablesIn(seen.rcConf),
    refusesMemberAddresses: refusesMemberAddresses(seen),
    becomesRouter: seen.sysctls.get(FORWARDING.inet6) !== '1',
    sshPorts: seen.sshPorts,
  }
  const { filter } = seen
  if (filter === undefined) return requests.flatMap(request => objections(request, surroundings))
  const looksAtBridges = seen.sysctls.get(PFIL_BRIDGE) !== '0'
  return [
    ...requests.flatMap(request => objections(request, surroundings)),
    ...takenRedirects(requests, filter.rules),
    ...(requests.some(needsFilter) ? filterProblems(filter, allowsFilterStart) : []),
    ...(requests.some(isBounded) && looksAtBridges ? bridgedRules(filter, devices) : []),
  ]
}

const warningsOf = (
  requests: readonly Request[],
  devices: ReadonlyMap<string, Interface>,
  variables: Variables,
): string[] =>
  requests.flatMap(request => [
    ...tagWarnings(request, { devices, variables }),
    ...natWarnings(request),
    ...openWarnings(request, devices),
    ...forwardingWarnings(request, devices),
  ])

const isBounded = ({ state, isBounded: is }: Request) => state === 'present' && is

/** Of the running kernel. What a bridge that goes away had asked for stays: something else may count on it. */
function kernelWishes(requests: readonly Request[]): Map<string, string> {
  const forwarding = requests.flatMap(({ state, forwards, addresses = [] }) =>
    state === 'present' && forwards ? addresses.map(address => FORWARDING[familyOf(address)]) : [],
  )
  return new Map([
    ...forwarding.sort().map(name => [name, '1'] as const),
    ...(requests.some(isBounded) ? ISOLATION_SYSCTLS : []),
  ])
}

const valuesOf = (wishes: ReadonlyMap<string, string>, sysctls: Sysctls) =>
  Object.fromEntries(
    [...wishes.keys()].flatMap(name => {
      const value = sysctls.get(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )

function summarize(requests: readonly Request[], steps: readonly Step[]): string {
  const names = requests.map(({ name }) => name).join(', ')
  return `${names}: ${steps.length === 0 ? 'as wanted' : `${steps.length} step${steps.length === 1 ? '' : 's'}`}`
}
