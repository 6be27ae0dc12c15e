/** pwd_mkdb(8), cap_mkdb(1) and services_mkdb(8): databases made of text files. What is in them is of no use here. */
import { posix } from 'node:path'
import { Disk } from './disk.ts'
import { strerror } from './errno.ts'
import { Exit, getopt, imitation, type Screen, Unknown } from './screen.ts'

/** db(3)'s hash files begin with this number (sys/sys/… include/db.h, HASHMAGIC). */
const database = (lines: readonly string[]) => `\u0000\u0006\u0015a${lines.join('\n')}\n`

const lines = (text: string) => text.split('\n').filter(line => line.trim() !== '' && !/^\s*#/.test(line))

/** usr.sbin/pwd_mkdb/pwd_mkdb.c; 08-host.jsonl. */
export const pwdMkdb = imitation('pwd_mkdb', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'BCLNd:is:u:p')
  const [file] = operands
  if (file === undefined || operands.length > 1) throw new Unknown('number of operands')
  const disk = new Disk(machine, call)
  const directory = values.get('d')?.at(-1) ?? '/etc'
  const text = disk.text(file)
  if (text === undefined) fail(screen, `${file}: No such file or directory`)
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#') || isAccount(line)) continue
    screen.err(`pwd_mkdb: corrupted entry\npwd_mkdb: at line #${index + 1}\n`)
    fail(screen, `${file}: Inappropriate file type or format`)
  }
  if (set.has('C')) return 0
  const put = (name: string, content: string, mode: number) => {
    const path = posix.join(directory, name)
    try {
      disk.write(`${path}.tmp`, content, mode)
      disk.setMode(`${path}.tmp`, mode)
      disk.rename(`${path}.tmp`, path)
    } catch (error) {
      fail(screen, `${path}.tmp: ${strerror(error)}`)
    }
  }
  put('pwd.db', database(lines(text).map(withoutSecrets)), 0o644)
  put('spwd.db', database(lines(text)), 0o600)
  if (set.has('p'))
    put(
      'passwd',
      `${text
        .split('\n')
        .map(line => (isAccount(line) ? withoutSecrets(line) : line))
        .join('\n')}`,
      0o644,
    )
  put('master.passwd', text, 0o600)
  // The file given is moved there.
  if (disk.at(file) !== posix.join(disk.at(directory), 'master.passwd')) disk.remove(file)
  return 0
})

/** pw_scan(3): name, password, ids, class, change, expire, gecos, home, shell. */
function isAccount(line: string): boolean {
  const fields = line.split(':')
  return fields.length === 10 && fields[0] !== '' && /^\d+$/.test(fields[2] ?? '') && /^\d+$/.test(fields[3] ?? '')
}

function withoutSecrets(line: string): string {
  const [name, , uid, gid, , , , gecos, home, shell] = line.split(':')
  return [name, '*', uid, gid, gecos, home, shell].join(':')
}

function fail(screen: Screen, message: string): never {
  screen.err(`pwd_mkdb: ${message}\n`)
  throw new Exit(1)
}

/** usr.bin/cap_mkdb/cap_mkdb.c; 08-host.jsonl. */
export const capMkdb = imitation('cap_mkdb', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'bf:lv')
  const disk = new Disk(machine, call)
  const records: string[] = []
  for (const file of operands) {
    const text = disk.text(file)
    if (text === undefined) {
      screen.err(`cap_mkdb: ${file}: No such file or directory\n`)
      return 1
    }
    records.push(...lines(text.replaceAll('\\\n', '')))
  }
  disk.write(`${values.get('f')?.at(-1) ?? operands[0]}.db`, database(records), 0o644)
  if (set.has('v')) screen.err(`cap_mkdb: ${records.length} capability records\n`)
  return 0
})

/** usr.sbin/services_mkdb/services_mkdb.c. */
export const servicesMkdb = imitation('services_mkdb', (machine, call, screen) => {
  const { values, operands } = getopt(call.args, 'blqo:')
  const disk = new Disk(machine, call)
  const file = operands[0] ?? '/etc/services'
  const text = disk.text(file)
  if (text === undefined) {
    screen.err(`services_mkdb: Cannot open \`${file}': No such file or directory\n`)
    return 1
  }
  disk.write(values.get('o')?.at(-1) ?? '/var/db/services.db', database(lines(text)), 0o644)
  return 0
})
