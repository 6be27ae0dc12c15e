/** fetch(1), by usr.bin/fetch/fetch.c: what it says on standard error when that is no terminal. */
import { posix } from 'node:path'
import { type ByteScreen, byteImitation } from '../byte-screen.ts'
import { Disk } from '../disk.ts'
import { strerror } from '../errno.ts'
import { type Flags, getopt } from '../screen.ts'
import { type Document, isUrl, retrieve } from './transfer.ts'

interface Request {
  readonly url: string
  /** `-` for standard output. */
  readonly path: string
  readonly disk: Disk
  readonly flags: Flags
  readonly screen: ByteScreen
}

export const fetch = byteImitation('fetch', (machine, call, screen) => {
  const flags = getopt(call.args, '146AaB:dFi:lMmnN:o:PpqRrS:sT:UvVw:')
  const { operands, values } = flags
  const disk = new Disk(machine, call)
  const warn = (text: string) => screen.err(`fetch: ${text}\n`)
  if (operands.length === 0) {
    screen.err(USAGE)
    return 1
  }
  const output = values.get('o')?.at(-1)
  const isDirectory = output !== undefined && output !== '-' && disk.stat(output)?.type === 'directory'
  if (operands.length > 1 && output !== undefined && output !== '-' && !isDirectory) {
    warn(`${output} is not a directory`)
    return 1
  }

  const next = (index: number, status: number): number | Promise<number> => {
    const url = operands[index]
    if (url === undefined) return status
    const name = posix.basename(url) || 'fetch.out'
    const path = output === undefined ? name : isDirectory ? posix.join(output, name) : output
    const request = { url, path, disk, flags, screen }
    const go = (found: Document | string) => {
      const isDone = typeof found === 'string' ? refuse(request, found) : keep(request, found)
      if (isDone && flags.set.has('1')) return 0
      return next(index + 1, isDone ? status : 1)
    }
    const found = isUrl(url) ? retrieve(machine, url) : `parse error`
    return found instanceof Promise ? found.then(go) : go(found)
  }
  return next(0, 0)
})

function refuse({ url, flags, screen }: Request, reason: string): false {
  // fetchStat's failure is said without the URL.
  screen.err(flags.set.has('s') ? `fetch: ${reason}\n` : `fetch: ${url}: ${reason}\n`)
  return false
}

/** What follows once the server has answered. */
function keep(request: Request, found: Document): boolean {
  const { url, path, disk, flags, screen } = request
  const { set, values } = flags
  const warn = (text: string) => screen.err(`fetch: ${text}\n`)
  const { content, size = content.length, modified } = found
  if (set.has('s')) {
    screen.out(`${size}\n`)
    return true
  }
  const wanted = Number(values.get('S')?.at(-1) ?? size)
  if (wanted !== size) {
    warn(`${url}: size mismatch: expected ${wanted}, actual ${size}`)
    return false
  }
  if (path === '-') screen.bytes(content)
  else {
    const before = disk.stat(path)
    const isMirrored = (set.has('m') || set.has('M')) && before?.size === size && before.modified === modified
    const isComplete = set.has('r') && before?.size === size && before.modified === modified
    if (isMirrored || isComplete) return true
    if (!set.has('q')) screen.err(progress(path, content.length))
    const place = before === undefined ? path : temporary(path)
    try {
      disk.write(place, content, before?.mode ?? 0o644)
    } catch (error) {
      const reason = strerror(error)
      const isFull = /quota|space/.test(reason)
      warn(isFull ? `${path}: ${reason}` : `${path}: open(): ${reason}`)
      return false
    }
    if (before !== undefined) disk.setOwner(place, before.uid, before.gid)
    if (!set.has('n') && modified > 0) disk.setModified(place, modified)
    if (content.length >= size && place !== path) disk.rename(place, path)
  }
  if (content.length >= size) return true
  // The part that came is kept, under the temporary name where there was such a file before.
  warn(`${path} appears to be truncated: ${content.length}/${size} bytes`)
  return false
}

const temporary = (path: string) => posix.join(posix.dirname(path), `.fetch.XXXXXX.${posix.basename(path)}`)

function progress(name: string, bytes: number): string {
  return `${name.slice(0, 46).padEnd(46)}        ${inUnits(bytes)} ${inUnits(bytes * 100)}ps    00s\n`
}

function inUnits(bytes: number): string {
  let [amount, prefix] = [bytes, 0]
  while (amount > 9999 && prefix < 5) {
    amount = Math.floor(amount / 1024)
    prefix += 1
  }
  return `${String(amount).padStart(4)} ${' kMGTP'[prefix]}B`
}

const USAGE = `usage: fetch [-146AadFlMmnPpqRrsUv] [-B bytes] [-N file] [-o file] [-S bytes]
       [-T seconds] [-w seconds] [-i file] URL ...
       fetch [-146AadFlMmnPpqRrsUv] [-B bytes] [-N file] [-o file] [-S bytes]
       [-T seconds] [-w seconds] [-i file] -h host -f file [-c dir]
`
