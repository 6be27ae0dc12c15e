/** mtree(8): all that is in a tree, with a digest of each file. Format: mtree(5), contrib/mtree/create.c. */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'

/** What tells one version of a file from another. No times: they differ between two builds of the same. */
const KEYWORDS = 'uid,gid,mode,link,flags,sha256digest'

/** Path, as mtree spells it, to its keywords in alphabetical order: `gid=0 mode=0644 sha256digest=… type=file uid=0`. */
export type Listing = ReadonlyMap<string, string>

/** Everything below `root` in the same file system. */
export async function listTree(machine: Probe, root: string): Promise<Listing> {
  const command: Command = ['mtree', '-c', '-n', '-x', '-k', KEYWORDS, '-p', root]
  return parseTree((await machine.query(command)).stdout, command)
}

/** `/set` gives defaults, an indented or plain name an entry, a directory's entries follow it until `..`. */
export function parseTree(stdout: string, command: Command = ['mtree', '-c']): Listing {
  const entries = new Map<string, string>()
  const defaults = new Map<string, string>()
  const directories: string[] = []
  const lines = stdout.replaceAll('\\\n', '').split('\n')
  for (const line of lines.map(text => text.trim())) {
    if (line === '' || line.startsWith('#')) continue
    const [name = '', ...words] = line.split(/\s+/)
    if (name === '..') {
      if (directories.pop() === undefined) throw new UnexpectedOutput(command, line)
    } else if (name === '/set') {
      for (const [keyword, value] of words.map(pairOf)) defaults.set(keyword, value)
    } else if (name === '/unset') {
      for (const keyword of words) defaults.delete(keyword)
    } else {
      const own = new Map([...defaults, ...words.map(pairOf)])
      const type = own.get('type')
      if (type === undefined) throw new UnexpectedOutput(command, line)
      const path = [...directories, name].join('/')
      const told = [...own].filter(([keyword]) => isTold(keyword, type))
      entries.set(
        path,
        told
          .map(([keyword, value]) => `${keyword}=${value}`)
          .sort()
          .join(' '),
      )
      if (type === 'dir') directories.push(name)
    }
  }
  return entries
}

/** A default of `nlink` or `size` may stand there though nobody asked; what a keyword is not meant for is none of the entry. */
const isTold = (keyword: string, type: string) =>
  keyword === 'type' || (KEYWORDS.split(',').includes(keyword) && (keyword !== 'link' || type === 'link'))

function pairOf(word: string): [keyword: string, value: string] {
  const at = word.indexOf('=')
  return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)]
}
