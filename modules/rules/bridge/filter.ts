/** pf's rules of all bridges, in one anchor with one file: so one process tells what is in force, whatever their number. */
import type { Step } from '../../core/step.ts'
import { type Family, familyOf, networkOf } from '../../freebsd/addresses.ts'
import {
  checkAnchor,
  checkRules,
  enableFilter,
  type Filter,
  loadAnchor,
  loadFilter,
  loadRules,
} from '../../freebsd/pf.ts'
import { hasRulesBeside, withLines } from '../../freebsd/pf-conf.ts'
import { anchorOf, BRIDGES_RULES, FILTER_FOLDER, rulesFile } from '../layout.ts'
import type { ConfFile } from '../settings/files.ts'
import { forwardingRules, networksTable, PRIVATE_NETWORKS, privateNetworks } from './forwarding.ts'
import type { Devices } from './members.ts'
import type { Request } from './requests.ts'
import { areOf, asFile, refuseLaterFormat } from './revision.ts'

export const BRIDGES_ANCHOR = anchorOf(BRIDGES_RULES)
export const BRIDGES_FILE = rulesFile(BRIDGES_RULES)

/** The main rules call every anchor of hosting, and after a boot load ours; instances load theirs when they start. */
const MAIN_LINES: readonly string[] = [
  `nat-anchor "${anchorOf('*')}"`,
  `rdr-anchor "${anchorOf('*')}"`,
  `anchor "${anchorOf('*')}"`,
  `load anchor "${BRIDGES_ANCHOR}" from "${BRIDGES_FILE}"`,
]

/** In the order that pfctl(8) demands. */
const KINDS = [/^table /, /^(nat|rdr) /, /^block /]

export const needsFilter = ({ state, isBounded, nat, redirects }: Request) =>
  state === 'present' && (isBounded || nat !== undefined || redirects.length > 0)

/** Of one bridge. */
export function rulesFor(request: Request, devices: Devices): string[] {
  if (request.state === 'absent') return []
  return [
    ...isolationRules(request),
    ...forwardingRules(request, devices),
    ...natRules(request),
    ...redirectRules(request),
  ]
}

function natRules({ nat, addresses = [] }: Request): string[] {
  if (nat === undefined) return []
  const { interface: name, address, address6 } = nat
  // `:0` is its first address alone: an instance should not be seen under another one with each connection.
  const targets: Record<Family, string | undefined> = { inet: address ?? `(${name}:0)`, inet6: address6 }
  return addresses.flatMap(own => {
    const family = familyOf(own)
    const target = targets[family]
    return target === undefined ? [] : [`nat on ${name} ${family} from ${networkOf(own)} to any -> ${target}`]
  })
}

export const natWarnings = ({ name, state, nat, addresses = [] }: Request): string[] =>
  state === 'absent' || nat === undefined || nat.address6 !== undefined || !addresses.some(isSix)
    ? []
    : [
        `${name}: \`nat\` without \`address6\` translates IPv4 alone, and what instances send from ${addresses.filter(isSix).map(networkOf).join(', ')} leaves as it is. Give an \`address6\`, unless that network is routed to this host.`,
      ]

const isSix = (address: string) => familyOf(address) === 'inet6'

/** `pass`: what is redirected needs no filter rule of its own. */
const redirectRules = ({ redirects }: Request): string[] =>
  redirects.map(({ interface: name, protocol, address, port, to, toPort }) => {
    const target = address ?? `(${name})`
    return `rdr pass on ${name} ${familyOf(to)} proto ${protocol} from any to ${target} port ${port} -> ${to} port ${toPort}`
  })

/** Nobody on a private network has an address of elsewhere. `::` and fe80::/10 are those of a link. */
function isolationRules({ name, isolate, uplinks, addresses = [] }: Request): string[] {
  if (!isolate || uplinks.length > 0 || addresses.length === 0) return []
  const table = `net_${name}`
  return [
    `table <${table}> const { ${[...addresses.map(networkOf), '0.0.0.0', 'fe80::/10', '::'].join(', ')} }`,
    `block drop in quick on ${name} inet from ! <${table}> to any`,
    `block drop in quick on ${name} inet6 from ! <${table}> to any`,
  ]
}

/** The file's text with the rules of these bridges, and those of others as they are. What all share has no bridge's name. */
export function rulesText(requests: readonly Request[], current: string | undefined, devices: Devices): string {
  const own = requests.flatMap(request => rulesFor(request, devices).map(rule => ({ rule, bridge: request.name })))
  const all = [...linesOfOthers(requests, current), ...own].sort((one, other) =>
    one.bridge < other.bridge ? -1 : one.bridge > other.bridge ? 1 : 0,
  )
  const lines = KINDS.flatMap(kind => all.filter(({ rule }) => kind.test(rule)))
  const shared = lines.some(({ rule }) => rule.includes(`<${PRIVATE_NETWORKS}>`))
    ? [`${networksTable(privateNetworks(requests, devices))}\n`]
    : []
  return asFile([...shared, ...lines.map(({ rule, bridge }) => `${rule} # ${bridge}\n`)].join(''), 'vnet_bridge')
}

const linesOfOthers = (requests: readonly Request[], current: string | undefined) =>
  linesIn(current).filter(({ bridge }) => !requests.some(({ name }) => name === bridge))

/** Ports that another bridge, which the task does not name, leads elsewhere already. */
export function takenRedirects(requests: readonly Request[], current: string | undefined): string[] {
  const heads = new Map(
    linesOfOthers(requests, current).flatMap(({ rule, bridge }) =>
      rule.startsWith('rdr ') ? [[headOf(rule), bridge] as const] : [],
    ),
  )
  return requests.flatMap(request =>
    request.state === 'absent'
      ? []
      : redirectRules(request).flatMap((rule, index) => {
          const other = heads.get(headOf(rule))
          const { port = 0, protocol = 'tcp' } = request.redirects[index] ?? {}
          return other === undefined
            ? []
            : [
                `${request.name}: port ${port}/${protocol} is redirected by ${other} already. Give another one, or take it from there first.`,
              ]
        }),
  )
}

/** What it is for, without where it leads to. */
const headOf = (rule: string) => rule.split(' -> ', 1)[0] ?? ''

function linesIn(text: string | undefined): { rule: string; bridge: string }[] {
  refuseLaterFormat(text, BRIDGES_FILE)
  return [...(text ?? '').matchAll(/^(.*\S) # ([a-z0-9_]+)$/gm)].map(([, rule = '', bridge = '']) => ({ rule, bridge }))
}

/** Of bridges of the task, as a diff shows them. */
export const rulesOfTask = (requests: readonly Request[], text: string | undefined): string[] =>
  linesIn(text)
    .filter(({ bridge }) => requests.some(({ name }) => name === bridge))
    .map(({ rule }) => rule)

export interface SeenFilter {
  readonly filter: Filter
  /** pf.conf, wherever rc.conf says it is. */
  readonly main: ConfFile
  readonly hasFolder: boolean
  readonly rules: string | undefined
  /** Main rules in force that loading pf.conf would take away; looked for where that is to be done. */
  readonly foreign: readonly string[]
}

/** Checked by pfctl before they are written, written before they are in force. */
export function filterSteps(text: string, { filter, main, hasFolder, rules }: SeenFilter, isNeeded: boolean): Step[] {
  const written: Step[] =
    rules === text
      ? []
      : [checkAnchor(BRIDGES_ANCHOR, text), { kind: 'write', path: BRIDGES_FILE, content: text } as const]
  const load = areOf(text, filter.anchor) ? [] : [loadAnchor(BRIDGES_ANCHOR, BRIDGES_FILE)]
  // Something was taken away: whether there is pf at all is not up to this task.
  if (!isNeeded) return filter.isLoaded ? [...written, ...load] : written.slice(1)

  const mainText = withLines(main.text ?? '', MAIN_LINES)
  const isMainNew = mainText !== main.text
  const isMainInForce = callsAnchors(filter)
  return [
    ...(filter.isLoaded ? [] : [loadFilter()]),
    ...(hasFolder ? [] : [{ kind: 'directory', path: FILTER_FOLDER, mode: 0o755 } as const]),
    ...written,
    ...(isMainNew ? [checkRules(mainText), { kind: 'write', path: main.path, content: mainText } as const] : []),
    ...(isMainNew || !isMainInForce ? [loadRules(main.path)] : load),
    ...(filter.isEnabled ? [] : [enableFilter()]),
  ]
}

/** Rules of the host's own that look at what is bridged, where pf no longer will. */
export function bridgedRules({ filter }: SeenFilter, devices: Devices): string[] {
  const rule = filter.main.find(line => {
    const on = / on (?:! )?(\S+)/.exec(line)?.[1] ?? ''
    return on === 'bridge' || devices.get(on)?.groups.includes('bridge')
  })
  if (rule === undefined) return []
  return [
    `pf has the rule '${rule}', and to keep instances from going through this host, pf must look at members of bridges and no longer at bridges for what is bridged (net.link.bridge.pfil_bridge). Write it for the members, and set that to 0: 'sysctl net.link.bridge.pfil_bridge=0'.`,
  ]
}

const callsAnchors = ({ main }: Pick<Filter, 'main'>) => main.some(rule => rule.startsWith(`anchor "${anchorOf('*')}"`))

/** Whether the main rules are to be loaded anew. */
export const mustLoadMain = (main: string | undefined, filter: Pick<Filter, 'main'>): boolean =>
  withLines(main ?? '', MAIN_LINES) !== main || !callsAnchors(filter)

/** Why pf must not be set up here. */
export function filterProblems({ filter, main, foreign }: SeenFilter, allowsStart: boolean): string[] {
  if (main.type === 'link')
    return [`${main.path} is a symbolic link, which a new file would replace. Put a real file there.`]
  if (main.type !== undefined && main.type !== 'file') return [`${main.path} is not a file. Look at what it is.`]
  if (allowsStart) return []
  if (filter.isEnabled)
    return foreign.length === 0
      ? []
      : [
          `pf has rules in force that are not of ${main.path}, and would go when that is loaded: ${foreign.slice(0, 3).join('; ')}${foreign.length > 3 ? ` and ${foreign.length - 3} more` : ''}. Put them there, or load the file yourself ('pfctl -f ${main.path}'), or give \`allow_filter_start: true\`.`,
        ]
  if (!hasRulesBeside(main.text ?? '', MAIN_LINES)) return []
  return [
    `pf is off, and ${main.path} has rules that would come into force with it and may cut the connection. Look at them and start it ('service pf onestart'), give \`allow_filter_start: true\`, or do without it: \`isolate: false\`, and neither \`nat\` nor \`redirects\`.`,
  ]
}
