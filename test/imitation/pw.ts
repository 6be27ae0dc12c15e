/** pw(8): usr.sbin/pw/pw_user.c. Users alone, each with a group of its own. */
import type { Machine } from './machine.ts'
import { getopt, imitation, type Screen, Unknown } from './screen.ts'

const FIRST_ID = 1001

export const pw = imitation('pw', (machine, { args: [verb, ...args] }, screen) => {
  if (verb === 'userdel') return userdel(machine, args, screen)
  if (verb !== 'useradd') throw new Unknown(`subcommand '${verb}'`)
  const { values, operands } = getopt(args, 'n:c:d:s:w:')
  const value = (flag: string) => values.get(flag)?.at(-1)
  const name = value('n')
  if (operands.length > 0 || name === undefined || value('w') !== 'no') throw new Unknown(`form: ${args.join(' ')}`)
  const { files } = machine.tree
  const read = (path: string) => machine.tree.read(path) ?? ''
  if (
    read('/etc/passwd')
      .split('\n')
      .some(line => line.startsWith(`${name}:`))
  ) {
    screen.err(`pw: login name \`${name}' already exists\n`)
    return 74
  }
  const ids = [...`${read('/etc/passwd')}\n${read('/etc/group')}`.matchAll(/^[^:#]+:[^:]*:(\d+):/gm)].map(match =>
    Number(match[1]),
  )
  const id = Math.max(FIRST_ID - 1, ...ids.filter(each => each < 32_000)) + 1
  const [about, home, shell] = [value('c') ?? 'User &', value('d') ?? `/home/${name}`, value('s') ?? '/bin/sh']
  const append = (path: string, line: string, mode: number) => {
    const before = read(path)
    files.write(path, Buffer.from(`${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${line}\n`), mode)
  }
  append('/etc/passwd', `${name}:*:${id}:${id}:${about}:${home}:${shell}`, 0o644)
  if (machine.tree.read('/etc/master.passwd') !== undefined)
    append('/etc/master.passwd', `${name}:*:${id}:${id}::0:0:${about}:${home}:${shell}`, 0o600)
  append('/etc/group', `${name}:*:${id}:`, 0o644)
  machine.changed()
  return 0
})

/** pw_user_del: its group goes with it where that has its name and nobody else is in it. Without -r its home stays. */
function userdel(machine: Machine, args: readonly string[], screen: Screen): number {
  const { values, operands } = getopt(args, 'n:')
  const name = values.get('n')?.at(-1)
  if (operands.length > 0 || name === undefined) throw new Unknown(`form: ${args.join(' ')}`)
  const rowsOf = (path: string) => (machine.tree.read(path) ?? '').split('\n')
  const isOf = (row: string) => row.startsWith(`${name}:`)
  if (!rowsOf('/etc/passwd').some(isOf)) {
    screen.err(`pw: no such user \`${name}'\n`)
    return 67
  }
  for (const path of ['/etc/passwd', '/etc/master.passwd', '/etc/group']) {
    if (machine.tree.read(path) === undefined) continue
    const rows = rowsOf(path).filter(row => !isOf(row) || (path === '/etc/group' && !row.endsWith(':')))
    machine.tree.files.write(path, Buffer.from(rows.join('\n')), path.includes('master') ? 0o600 : 0o644)
  }
  machine.changed()
  return 0
}
