/** zfs-send(8). */
import type { Machine } from '../machine.ts'
import { getopt, type Program, Unknown } from '../screen.ts'
import type { Dataset, Snapshot } from '../state.ts'
import { attempt, fail, failure, WHY } from './errors.ts'
import { find, open, originOf, poolName, snapshotByGuid, tree } from './names.ts'
import { isLocked } from './status.ts'
import { readToken, type StreamSnapshot, writeStream } from './stream.ts'
import { niceBytes } from './values.ts'

const LONG = {
  '--replicate': 'R',
  '--skip-missing': 's',
  '--props': 'p',
  '--parsable': 'P',
  '--verbose': 'v',
  '--dryrun': 'n',
  '--large-block': 'L',
  '--embed': 'e',
  '--compressed': 'c',
  '--raw': 'w',
  '--holds': 'h',
  '--proctitle': 'V',
}

interface Leg {
  readonly dataset: Dataset
  readonly snapshot: Snapshot
  readonly base?: { readonly guid: string; readonly name: string; readonly isOrigin?: true }
}

export const send: Program = (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'i:I:RsDpVvnPLeht:cwb', LONG)
  const token = values.get('t')?.at(-1)
  const [name, ...more] = operands
  if (more.length > 0 || (name === undefined) === (token === undefined)) throw new Unknown('number of operands')
  return attempt(screen, () => {
    const resumed = token === undefined ? undefined : resume(machine, token)
    const legs = resumed?.legs ?? plan(machine, name ?? '', values, set.has('R'))
    const top = resumed?.legs[0]?.dataset.name ?? name?.split('@')[0] ?? ''
    const verbose = set.has('v') || set.has('P')
    const report = `${resumed?.contents ?? ''}${describe(legs, set.has('P'))}`
    if (verbose) set.has('n') ? screen.out(report) : screen.err(report)
    if (set.has('n')) return
    for (const { dataset } of legs)
      if (!set.has('w') && isLocked(machine, dataset))
        fail(screen, `warning: cannot send '${dataset.name}': dataset key must be loaded`)
    const withProperties = set.has('p') || set.has('R')
    const tells = withProperties && { tells: true as const }
    const header = { imitated: 'zfs stream', from: top, replicate: set.has('R'), ...tells } as const
    screen.out(
      writeStream(
        resumed === undefined ? header : { ...header, resumes: resumed.guid },
        legs.map(leg => toStream(machine, leg, top, withProperties)),
      ),
    )
  })
}

/** -i from one, -I through all between; -R the whole tree, up to the named snapshot. */
function plan(
  machine: Machine,
  name: string,
  values: ReadonlyMap<string, readonly string[]>,
  replicate: boolean,
): Leg[] {
  const { dataset, snapshot } = open(machine, name, 's')
  if (snapshot === undefined) return []
  const step = values.get('i')?.at(-1)
  const through = values.get('I')?.at(-1)
  const datasets = replicate ? tree(machine, dataset.name) : [dataset]
  return datasets.flatMap(each => {
    const last = each.snapshots.findIndex(other => other.name === snapshot.name)
    const to = each.snapshots[last]
    if (to === undefined) return []
    const from = baseOf(machine, each, step ?? through, dataset)
    if (from !== undefined && from.createtxg >= to.createtxg)
      throw failure(`warning: cannot send '${each.name}@${to.name}'`, 'not an earlier snapshot from the same fs')
    const isOwn = from === undefined || [...each.snapshots, ...each.bookmarks].some(own => own.guid === from.guid)
    // dsl_dataset_is_before (module/zfs/dsl_dataset.c): of another dataset only if that is where this one came from.
    if (!isOwn && originOf(machine, each)?.snapshot?.guid !== from.guid)
      throw failure(`warning: cannot send '${each.name}@${to.name}'`, 'not an earlier snapshot from the same fs')
    const whole = through !== undefined || (replicate && step === undefined)
    const chosen = whole ? each.snapshots.slice(0, last + 1) : [to]
    const after = chosen.filter(other => other.createtxg > (from?.createtxg ?? 0))
    return after.map((other, at) => {
      const base = at === 0 ? from : after[at - 1]
      const isOrigin = at === 0 && !isOwn && { isOrigin: true as const }
      return {
        dataset: each,
        snapshot: other,
        ...(base && { base: { guid: base.guid, name: base.name, ...isOrigin } }),
      }
    })
  })
}

/** `@a`, `#mark`, `ds@a`, `ds#mark`, or a bare name, which means a snapshot. */
function baseOf(machine: Machine, dataset: Dataset, word: string | undefined, top: Dataset) {
  if (word === undefined) return undefined
  const [owner, tag] = /[@#]/.test(word) ? word.split(/(?=[@#])/) : ['', `@${word}`]
  const own = owner?.startsWith('@') || owner?.startsWith('#') ? owner : tag
  const full = owner === '' || owner === own || owner === top.name ? `${dataset.name}${own}` : word
  const entry = find(machine, full)
  const base = entry?.snapshot ?? entry?.bookmark
  if (base === undefined) {
    if (dataset !== top) return undefined
    throw failure(`cannot open '${full}'`, WHY.missing)
  }
  return base
}

function resume(machine: Machine, text: string): { legs: Leg[]; guid: string; contents: string } {
  const token = readToken(text)
  if (token === undefined) throw failure('cannot resume send', 'resume token is corrupt (invalid checksum)')
  const entry = snapshotByGuid(machine, poolName(token.toname), token.toguid)
  if (entry?.snapshot === undefined)
    throw failure('cannot resume send', `'${token.toname}' used in the initial send no longer exists`)
  const base = token.base === undefined ? undefined : { guid: token.base, name: '' }
  const guid = `0x${BigInt(token.toguid).toString(16)}`
  return {
    legs: [{ dataset: entry.dataset, snapshot: entry.snapshot, ...(base && { base }) }],
    guid: token.toguid,
    contents: `resume token contents:\nnvlist version: 0\n\tobject = 0x1\n\toffset = 0x0\n\tbytes = 0x0\n\ttoguid = ${guid}\n\ttoname = ${token.toname}\n`,
  }
}

function describe(legs: readonly Leg[], exact: boolean): string {
  const lines = legs.map(({ dataset, snapshot, base }) => {
    const to = `${dataset.name}@${snapshot.name}`
    const size = exact ? String(snapshot.referenced) : niceBytes(BigInt(snapshot.referenced))
    if (exact) return base === undefined ? `full\t${to}\t${size}\n` : `incremental\t${base.name}\t${to}\t${size}\n`
    const what = base === undefined ? `full send of ${to}` : `send from @${base.name} to ${to}`
    return `${what} estimated size is ${size}\n`
  })
  const total = legs.reduce((sum, { snapshot }) => sum + snapshot.referenced, 0)
  return `${lines.join('')}${exact ? `size\t${total}\n` : `total estimated size is ${niceBytes(BigInt(total))}\n`}`
}

const withoutHidden = ({ received, hidden }: Dataset) =>
  Object.fromEntries(Object.entries(received).filter(([name]) => !hidden.includes(name)))

function toStream(
  machine: Machine,
  { dataset, snapshot, base }: Leg,
  top: string,
  withProperties: boolean,
): StreamSnapshot {
  return {
    path: dataset.name.slice(top.length),
    type: dataset.type,
    name: snapshot.name,
    guid: snapshot.guid,
    creation: snapshot.creation,
    bytes: snapshot.referenced,
    ...(base && { base: base.guid }),
    ...(base?.isOrigin && { isClone: true }),
    fixed: dataset.fixed,
    properties: withProperties
      ? { ...withoutHidden(dataset), ...dataset.local }
      : Object.fromEntries(Object.entries(dataset.local).filter(([name]) => name === 'volsize')),
    userProperties: withProperties ? snapshot.properties : {},
    content: machine.tree.packStorage(snapshot.storage),
  }
}
