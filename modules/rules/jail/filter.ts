/**
 * pf's rules of instances, an anchor each: what an interface sends under another link address or IP address than its own is
 * dropped, and so is what only routers and DHCP servers say. jail(8) loads them before the interfaces are there.
 */
import type { Step } from '../../core/step.ts'
import type { Wire } from '../../freebsd/ifconfig.ts'
import { type Anchors, flushAnchor, flushLine, loadAnchor, loadLine } from '../../freebsd/pf.ts'
import { instanceRules } from '../bridge/isolation.ts'
import { areOf, asFile, rulesIn } from '../bridge/revision.ts'
import { anchorOf, rulesFile } from '../layout.ts'
import type { InterfaceWish } from './network.ts'
import type { Request } from './requests.ts'

/** How it is with the rules of one instance. */
export interface Guard {
  readonly id: string
  /** The file that it shall have; undefined where no interface of its is private. */
  readonly wanted: string | undefined
  readonly file: string | undefined
  /** Something is in force for it, whatever it is. */
  readonly hasRules: boolean
  /** It shall have neither file nor rules, and stays. */
  readonly isOpen: boolean
  /** There is pf, and not that file's rules are in force. */
  readonly mustLoad: boolean
}

export const hasPrivate = (interfaces: readonly InterfaceWish[]) => interfaces.some(({ isPrivate }) => isPrivate)

/** Whether pf has to be asked: it need not even be there for others. */
export const concernsFilter = (requests: readonly Request[], files: ReadonlyMap<string, string>) =>
  files.size > 0 || requests.some(({ state, interfaces }) => state !== 'absent' && hasPrivate(interfaces))

export function guardOf(
  { id, state, interfaces }: Pick<Request, 'id' | 'state' | 'interfaces'>,
  wires: readonly Wire[],
  file: string | undefined,
  anchors: Anchors | undefined,
): Guard {
  const guarded = wires.flatMap(({ outer, inner, addresses }, number) =>
    interfaces[number]?.isPrivate ? [{ member: outer.name, ether: inner.ether, addresses }] : [],
  )
  const wanted = guarded.length === 0 ? undefined : asFile(instanceRules(guarded), 'instance_jail')
  const shown = anchors?.rules.get(anchorOf(id)) ?? []
  return {
    id,
    wanted,
    file,
    hasRules: shown.length > 0,
    isOpen: wanted === undefined && state !== 'absent',
    mustLoad: wanted !== undefined && (anchors?.isLoaded ?? false) && !areOf(wanted, shown),
  }
}

/** For exec.prepare and exec.release of jail.conf(5). */
export const prepareFilter = ({ id, wanted }: Guard): string[] =>
  wanted === undefined ? [] : [loadLine(anchorOf(id), rulesFile(id))]
export const releaseFilter = ({ id, wanted }: Guard): string[] =>
  wanted === undefined ? [] : [flushLine(anchorOf(id))]

/** When it stops by this file, its rules go too. */
export const releasesFilter = ({ id, hasRules }: Guard, conf: string) =>
  !hasRules || conf.includes(flushLine(anchorOf(id)))

/** What an instance that is gone has left in force. Of one that shall have no rules, that goes before its file. */
export const leftRules = (guard: Guard): Step[] => (guard.isOpen ? [] : flushSteps(guard))

const flushSteps = ({ id, hasRules }: Guard): Step[] => (hasRules ? [flushAnchor(anchorOf(id))] : [])

/** Before its configuration names the file, and once it no longer does. */
export interface FileSteps {
  readonly before: readonly Step[]
  readonly behind: readonly Step[]
}

/**
 * `keeps`: it runs on, and with interfaces that were made otherwise than they would be now; the rules in force are theirs.
 * `runs`: it runs on, with the interfaces it shall have. `stops`: jail(8) stops it, which empties its anchor.
 */
export function fileSteps(guard: Guard, life: 'keeps' | 'runs' | 'stops' | 'is down'): FileSteps {
  const { id, wanted, file, mustLoad } = guard
  const path = rulesFile(id)
  if (wanted !== undefined) {
    const write: Step[] = file === wanted ? [] : [{ kind: 'write', path, content: wanted }]
    return {
      before: [...write, ...(life === 'runs' && mustLoad ? [loadAnchor(anchorOf(id), path)] : [])],
      behind: [],
    }
  }
  if (file === undefined || life === 'keeps') return { before: [], behind: [] }
  return { before: [], behind: [...(life === 'stops' ? [] : flushSteps(guard)), { kind: 'remove', path }] }
}

export const goneSteps = ({ id, file }: Guard): Step[] =>
  file === undefined ? [] : [{ kind: 'remove', path: rulesFile(id) }]

/** As a diff shows them. */
export const shownRules = (text: string | undefined): string[] => rulesIn(text)

const WAY_OUT =
  'vnet_bridge sees to that, unless its `isolate` is false; or let the interfaces be `private: false`, which lets each send as anybody.'

/** Why rules would be in vain. */
export function filterProblem({ isEnabled, rules }: Anchors): string | undefined {
  if (!isEnabled) return `pf is off, so that nothing looks at what they send: ${WAY_OUT}`
  const call = `anchor "${anchorOf('*')}"`
  if (rules.get('')?.some(rule => rule.startsWith(call))) return undefined
  return `the main rules of pf do not call ${call}, so that nothing looks at what they send: ${WAY_OUT}`
}

/** Some of many names. */
export const named = (ids: readonly string[]): string =>
  ids.length <= MOST_NAMED
    ? ids.join(', ')
    : `${ids.slice(0, MOST_NAMED).join(', ')} and ${ids.length - MOST_NAMED} more`
const MOST_NAMED = 3
