/** What an rctl task asks for, one request a jail, with everything that can be wrong with the words alone. */
import { closest } from 'fastest-levenshtein'
import { InvalidOptions } from '../../core/errors.ts'
import type { Scalar } from '../../core/options.ts'
import type { Rule } from '../../freebsd/rctl.ts'
import { ACTIONS, COUNTED_FOR, RESOURCES, type Resource, ruleProblem } from '../../freebsd/rctl-resources.ts'
import { oneOrList, refuseRepeated } from '../listed.ts'
import { readAmount } from './amounts.ts'
import { type CpusWish, readCpuList } from './cpus.ts'

/** By `RESOURCE` or `RESOURCE:ACTION`; null takes a limit away that the task gives to all. */
type Limits = Readonly<Record<string, readonly Scalar[]>>

/** The options that a jail of the list and the task itself have alike. */
interface JailOptions {
  readonly limits?: Limits | undefined
  readonly keep_others?: boolean | undefined
  readonly cpus?: string | undefined
}

export interface TaskOptions extends JailOptions {
  readonly jail?: string | undefined
  readonly jails?: readonly ({ readonly jail: string } & JailOptions)[] | undefined
  readonly use: 'limited' | 'all' | 'none'
  readonly allow_later?: boolean | undefined
}

export interface Request {
  readonly jail: string
  /** By `RESOURCE:ACTION`, an empty list where there shall be none; undefined where limits are left as they are. */
  readonly limits: ReadonlyMap<string, readonly Rule[]> | undefined
  /** Rules of what `limits` does not name stay. */
  readonly keepsOthers: boolean
  readonly cpus: CpusWish | undefined
}

export function requestsOf(task: TaskOptions): Request[] {
  const given = oneOrList('jail', 'jail', task.jail, task.jails)
  refuseRepeated(given.map(one => one.jail))
  return given.map(own => requestOf(checkJail(own.jail), task, own))
}

function requestOf(jail: string, common: JailOptions, own: JailOptions): Request {
  const cpus = own.cpus ?? common.cpus
  const limits = [common.limits, own.limits].flatMap(each => (each === undefined ? [] : [readLimits(jail, each)]))
  return {
    jail,
    limits: limits.length === 0 ? undefined : new Map(limits.flatMap(each => [...each])),
    keepsOthers: own.keep_others ?? common.keep_others ?? false,
    cpus: cpus === undefined ? undefined : naming(jail, () => readCpuList(cpus)),
  }
}

/** No character that ends a name in rctl's lists, a word of rctl.conf, or that xargs(1) of rc.d/rctl takes for its own. */
function checkJail(jail: string): string {
  if (/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}$/.test(jail)) return jail
  throw new InvalidOptions(`'${jail}' cannot be the name of a jail with limits: letters, digits and . _ - alone`)
}

const readLimits = (jail: string, limits: Limits) =>
  new Map(
    Object.entries(limits).map(([key, amounts]) => naming(`${jail}: ${key}`, () => readLimit(jail, key, amounts))),
  )

function readLimit(jail: string, key: string, amounts: readonly Scalar[]): [string, Rule[]] {
  const { resource, action } = readKey(key)
  const rules = amounts.length === 1 && amounts[0] === null ? [] : amounts.map(one => readRule(one))
  const doubled = rules.find((one, at) => rules.some((other, before) => before < at && isTwice(one, other)))
  if (doubled !== undefined) throw new InvalidOptions(`there can be one amount for each ${doubled.per}`)
  return [`${resource}:${action}`, rules]

  function readRule(given: Scalar): Rule {
    const [, words = '', per = 'jail'] = /^([^/]*?)(?:\/(.*))?$/.exec(String(given ?? '')) ?? []
    if (!COUNTED_FOR.includes(per))
      throw new InvalidOptions(`'/${per}' is none of ${COUNTED_FOR.map(each => `/${each}`).join(', ')}`)
    const amount = readAmount(words, (RESOURCES[resource] as Resource).kind)
    const problem = ruleProblem(resource, action, amount, per)
    if (problem !== undefined) throw new InvalidOptions(problem)
    return { jail, resource, action, amount, per }
  }
}

/** The kernel keeps one `deny` rule of a kind, and one of those that are the same. */
const isTwice = (one: Rule, other: Rule) =>
  one.per === other.per && (one.action === 'deny' || one.amount === other.amount)

function readKey(key: string): { resource: string; action: string } {
  const [resource = '', said, ...rest] = key.split(':')
  if (rest.length > 0) throw new InvalidOptions('write RESOURCE:ACTION, and the amount as its value')
  const known = RESOURCES[resource]
  if (known === undefined)
    throw new InvalidOptions(
      `there is no resource '${resource}'; did you mean '${closest(resource, Object.keys(RESOURCES))}'? Known are: ${Object.keys(RESOURCES).join(', ')}`,
    )
  const action = said ?? known.usual
  if (action === undefined)
    throw new InvalidOptions(
      `it cannot be denied, so an action must be named, like ${resource}:log or ${resource}:sigterm`,
    )
  if (!ACTIONS.includes(action))
    throw new InvalidOptions(
      `there is no action '${action}'; did you mean '${closest(action, ACTIONS)}'? Known are deny, throttle, log, devctl and signals, like sigterm`,
    )
  return { resource, action }
}

/** What `read` refuses, with the place it is about. */
function naming<T>(place: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof InvalidOptions)) throw error
    throw new InvalidOptions(`${place}: ${error.message}`)
  }
}
