/** Trees in memory, for merges: what a blueprint or an instance has, and what becomes of it when a merge plan is performed. */
import { createHash } from 'node:crypto'
import { dirname } from 'node:path/posix'
import type { Listing } from '../../modules/freebsd/mtree.ts'
import { compareParts, directoriesToList, placesToLook } from '../../modules/rules/merge/compare.ts'
import { contentsNeeded } from '../../modules/rules/merge/contents.ts'
import type { Attributes, Entry, Scope, Side } from '../../modules/rules/merge/entry.ts'
import { planMerge } from '../../modules/rules/merge/plan.ts'
import type { Database, MergeInput, MergePlan, Policy } from '../../modules/rules/merge/plan-shape.ts'

export type Node = Attributes &
  (
    | { readonly kind: 'file'; readonly content: string }
    | { readonly kind: 'directory' }
    | { readonly kind: 'link'; readonly link: string }
  )

export type Tree = ReadonlyMap<string, Node>

export const SCOPE: Scope = { parts: ['etc', 'usr/local/etc'], apart: ['etc/rc.d', 'usr/local/etc/rc.d'] }

const ROOT = { uid: 0, gid: 0 }
export const file = (content: string, mode = 0o644, owner = ROOT): Node => ({ kind: 'file', content, mode, ...owner })
export const directory = (mode = 0o755, owner = ROOT): Node => ({ kind: 'directory', mode, ...owner })
export const link = (target: string): Node => ({ kind: 'link', link: target, mode: 0o755, ...ROOT })

/** Of paths to texts (files) and nodes; directories above them are made. */
export function treeOf(nodes: Nodes): Tree {
  const tree = new Map<string, Node>([
    ['etc', directory()],
    ['usr/local/etc', directory()],
  ])
  for (const [path, node] of Object.entries(nodes)) {
    const above = path.split('/').map((_, index, names) => names.slice(0, index).join('/'))
    for (const each of above) if (each !== '' && !tree.has(each)) tree.set(each, directory())
    tree.set(path, typeof node === 'string' ? file(node) : node)
  }
  return derive(tree)
}

export type Nodes = Readonly<Record<string, string | Node>>

export const three = (old: Nodes, newer: Nodes, own: Nodes): Three => ({
  old: treeOf(old),
  new: treeOf(newer),
  own: treeOf(own),
})

export const contentOf = (tree: Tree, path: string): string | undefined => {
  const node = tree.get(path)
  return node?.kind === 'file' ? node.content : node?.kind
}

/** Bytes of a text; in tests, latin1 stands for what is no UTF-8. */
export const bytesOf = (content: string) => Buffer.from(content, content.includes('\u00ff') ? 'latin1' : 'utf8')

const sha256 = (content: string) => createHash('sha256').update(bytesOf(content)).digest('hex')

/** As pwd_mkdb(8) makes them, where there is a master.passwd. */
export function derive(tree: Tree): Tree {
  const master = tree.get('etc/master.passwd')
  if (master?.kind !== 'file') return tree
  return new Map([
    ...tree,
    ['etc/passwd', file(`passwd of ${sha256(master.content)}`)],
    ['etc/pwd.db', file(`pwd.db of ${sha256(master.content)}`)],
    ['etc/spwd.db', file(`spwd.db of ${sha256(master.content)}`, 0o600)],
  ])
}

export function listingOf(tree: Tree): Listing {
  return new Map(
    [...tree].map(([path, node]): [string, string] => {
      const common = `gid=${node.gid} mode=0${node.mode.toString(8)}`
      if (node.kind === 'file')
        return [`./${path}`, `${common} sha256digest=${sha256(node.content)} type=file uid=${node.uid}`]
      if (node.kind === 'link')
        return [`./${path}`, `gid=${node.gid} link=${node.link} mode=0755 type=link uid=${node.uid}`]
      return [`./${path}`, `${common} type=dir uid=${node.uid}`]
    }),
  )
}

export const namesIn = (tree: Tree, path: string): string[] =>
  [...tree.keys()].filter(each => dirname(each) === path).map(each => each.slice(path.length + 1))

/** What lstat(2) tells of those paths: nothing of what lies behind a link. */
export function look(tree: Tree, paths: readonly string[], listed: readonly string[] = []): Side {
  const side = new Map<string, Entry>()
  for (const path of paths) {
    const node = tree.get(path)
    if (node === undefined) continue
    const { kind, mode, uid, gid } = node
    side.set(path, {
      kind,
      mode,
      uid,
      gid,
      ...(node.kind === 'file' ? { sha256: sha256(node.content) } : {}),
      ...(node.kind === 'link' ? { link: node.link } : {}),
      ...(listed.includes(path) && kind === 'directory' ? { names: namesIn(tree, path) } : {}),
    })
  }
  return side
}

export interface Three {
  readonly old: Tree
  readonly new: Tree
  readonly own: Tree
}

export function inputOf({ old, new: newer, own }: Three, policy: Policy = 'keep'): MergeInput {
  const comparison = compareParts(listingOf(old), listingOf(newer), SCOPE)
  const seen = look(own, placesToLook(comparison), directoriesToList(comparison))
  const contents = { old: new Map<string, Buffer>(), new: new Map<string, Buffer>(), own: new Map<string, Buffer>() }
  for (const { side, path } of contentsNeeded({ ...comparison, own: seen })) {
    const node = { old, new: newer, own }[side].get(path)
    if (node?.kind === 'file') contents[side].set(path, bytesOf(node.content))
  }
  return { ...comparison, own: seen, contents, policy }
}

export const plan = (three: Three, policy: Policy = 'keep'): MergePlan => planMerge(inputOf(three, policy))

/** What a plan says, without its empty lists. */
export const told = (given: MergePlan) =>
  Object.fromEntries(Object.entries(given).filter(([, list]) => list.length > 0))

export const merged = (three: Three, policy: Policy = 'keep'): Tree =>
  perform(three.own, three.new, stepsOf(plan(three, policy)))

export type Act = (tree: Map<string, Node>, blueprint: Tree) => void

export function perform(own: Tree, blueprint: Tree, acts: readonly Act[]): Tree {
  const tree = new Map(own)
  for (const act of acts) act(tree, blueprint)
  return tree
}

/** In the order in which a plan is to be performed. Each asserts what the real step would fail at. */
export const stepsOf = (given: MergePlan): Act[] => [
  ...given.removes.map(
    ({ path }): Act =>
      tree =>
        remove(tree, path),
  ),
  ...given.setAside.map(
    ({ path, to, mode }): Act =>
      tree => {
        put(tree, to, changed(nodeAt(tree, path), mode === undefined ? {} : { mode }))
        if (nodeAt(tree, path).kind === 'directory')
          for (const each of [...tree.keys()].filter(name => name.startsWith(`${path}/`))) {
            tree.set(to + each.slice(path.length), nodeAt(tree, each))
            tree.delete(each)
          }
        tree.delete(path)
      },
  ),
  ...given.takes.map(
    ({ path, replaces, adjust }): Act =>
      (tree, blueprint) => {
        if (replaces !== undefined) remove(tree, path)
        const [there, node] = [tree.get(path), nodeAt(blueprint, path)]
        if (there !== undefined && (there.kind !== node.kind || there.kind === 'link'))
          throw new Error(`${path} is in the way of a copy`)
        put(tree, path, changed(node, adjust ?? {}))
      },
  ),
  ...given.writes.map(
    ({ path, content, adjust }): Act =>
      tree => {
        const { mode, uid, gid } = adjust ?? nodeAt(tree, path)
        put(tree, path, { kind: 'file', content, mode, uid, gid })
      },
  ),
  ...given.metadata.map(
    ({ path, adjust }): Act =>
      tree =>
        put(tree, path, changed(nodeAt(tree, path), adjust)),
  ),
  ...given.copies.map(
    ({ path, source, attributes }): Act =>
      (tree, blueprint) =>
        put(tree, path, changed(nodeAt(blueprint, source), attributes)),
  ),
  ...given.databases.map(
    (database): Act =>
      tree =>
        make(tree, database),
  ),
]

function nodeAt(tree: Tree, path: string): Node {
  const node = tree.get(path)
  if (node === undefined) throw new Error(`${path} is not there`)
  return node
}

const changed = (node: Node, attributes: Partial<Attributes>): Node => ({ ...node, ...attributes })

function remove(tree: Map<string, Node>, path: string): void {
  const left = namesIn(tree, path)
  if (left.length > 0) throw new Error(`${path} is not empty: ${left.join(', ')}`)
  if (!tree.delete(path)) throw new Error(`${path} is not there`)
}

/** Through no link, into no link, and not over a directory. */
function put(tree: Map<string, Node>, path: string, node: Node): void {
  for (let above = dirname(path); above !== '.'; above = dirname(above)) {
    if (['usr', 'usr/local'].includes(above)) continue
    if (tree.get(above)?.kind !== 'directory') throw new Error(`${above} above ${path} is no directory`)
  }
  const there = tree.get(path)
  if (there !== undefined && (there.kind === 'directory') !== (node.kind === 'directory'))
    throw new Error(`${path} is ${there.kind}, and ${node.kind} is put there`)
  tree.set(path, node)
}

function make(tree: Map<string, Node>, { program, file: source, clear }: Database): void {
  for (const path of clear) remove(tree, path)
  const node = nodeAt(tree, source)
  if (node.kind !== 'file') throw new Error(`${program} reads ${source}, which is no file`)
  if (program !== 'pwd_mkdb') return
  for (const line of node.content.split('\n'))
    if (line !== '' && !line.startsWith('#') && line.split(':').length !== 10)
      throw new Error('pwd_mkdb: corrupted entry')
  for (const [path, each] of derive(tree)) tree.set(path, each)
}
