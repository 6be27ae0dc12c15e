/** The file part of a host, over the in-memory tree: as modules/core/files.ts does it on a real one. */
import { createHash } from 'node:crypto'
import { dirname, join, relative } from 'node:path'
import { LinkInTheWay } from '../../modules/core/errors.ts'
import type { PathStatus } from '../../modules/core/host.ts'
import type { FileStep } from '../../modules/core/step.ts'
import { FileError } from '../imitation/memory-node.ts'
import type { MemoryTree } from '../imitation/memory-tree.ts'

export function statusOf(tree: MemoryTree, path: string, beneath?: string): PathStatus | undefined {
  for (const step of beneath === undefined ? [] : stepsBetween(beneath, dirname(path))) {
    const status = look(tree, step)
    if (status?.type !== 'directory') return status?.type === 'link' ? status : undefined
  }
  return look(tree, path)
}

export function readText(tree: MemoryTree, path: string, beneath?: string): string | undefined {
  refuseLinks(tree, path, beneath)
  if (look(tree, path)?.type === 'directory') throw new FileError('EISDIR', path)
  return tree.read(path)
}

export function readBytes(
  tree: MemoryTree,
  path: string,
  most: number,
  beneath?: string,
): Buffer | 'too large' | undefined {
  refuseLinks(tree, path, beneath)
  const bytes = tree.files.bytes(path)
  return bytes !== undefined && bytes.length > most ? 'too large' : bytes
}

export function digestOf(tree: MemoryTree, path: string, beneath?: string): string | undefined {
  refuseLinks(tree, path, beneath)
  const bytes = tree.files.bytes(path)
  return bytes && createHash('sha256').update(bytes).digest('hex')
}

export function listNames(tree: MemoryTree, path: string, beneath?: string, most?: number): string[] | undefined {
  refuseLinks(tree, path, beneath)
  return tree.realpath(path) === undefined ? undefined : tree.list(path).slice(0, most)
}

export function change(tree: MemoryTree, step: FileStep): void {
  if (step.kind === 'move') {
    for (const end of [step.from, step.to]) refuseLinksAbove(tree, end, step.beneath)
    tree.rename(step.from, step.to)
    return
  }
  const { path } = step
  if (step.kind === 'remove' && step.mayBeLink) refuseLinksAbove(tree, path, step.beneath)
  else refuseLinks(tree, path, step.beneath)
  const found = look(tree, path)
  switch (step.kind) {
    case 'write':
      // A rename over the name: of a link it replaces the link, not what that points to, and other names keep what they had.
      if (found !== undefined) tree.remove(path)
      tree.files.write(path, Buffer.from(step.content, step.encoding ?? 'utf8'), found?.mode ?? step.mode)
      tree.chown(path, found?.uid ?? step.uid ?? 0, found?.gid ?? step.gid ?? 0)
      break
    case 'remove':
      if (found?.type === 'directory' && tree.list(path).length > 0) throw new FileError('ENOTEMPTY', path)
      tree.remove(path)
      break
    case 'directory':
      if (found !== undefined) throw new FileError('EEXIST', path)
      if (look(tree, dirname(path)) === undefined) throw new FileError('ENOENT', path)
      tree.mkdir(path)
      tree.chmod(path, step.mode)
      tree.chown(path, step.uid ?? 0, step.gid ?? 0)
      break
    case 'mode':
      if (found?.type !== 'directory' && found?.type !== 'file')
        throw new FileError(found === undefined ? 'ENOENT' : 'ELOOP', path)
      tree.chmod(path, step.mode)
      if (step.owner !== undefined) tree.chown(path, step.owner.uid, step.owner.gid)
  }
}

const look = (tree: MemoryTree, path: string): PathStatus | undefined => {
  const status = tree.lstat(path)
  if (status === undefined) return undefined
  const bytes = status.type === 'file' ? { bytes: tree.files.bytes(path)?.length ?? 0 } : {}
  return { at: path, ...status, ...bytes, ...(status.type === 'link' ? { target: tree.files.target(path) } : {}) }
}

function refuseLinks(tree: MemoryTree, path: string, beneath: string | undefined): void {
  if (beneath === undefined) return
  const status = statusOf(tree, path, beneath)
  if (status?.type === 'link') throw new LinkInTheWay(path, status.at)
}

function refuseLinksAbove(tree: MemoryTree, path: string, beneath: string | undefined): void {
  if (dirname(path) !== beneath) refuseLinks(tree, dirname(path), beneath)
}

function stepsBetween(beneath: string, path: string): string[] {
  const way = relative(beneath, path).split('/').filter(Boolean)
  if (way.includes('..')) throw new TypeError(`${path} is not beneath ${beneath}`)
  return way.map((_, index) => join(beneath, ...way.slice(0, index + 1)))
}
