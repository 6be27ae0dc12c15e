/**
 * Triggers of packages: Lua scripts that run once when an installation is over, because something was put into a directory
 * they are for. What runs programs cannot do so with `-r`: it is saved in /var/db/pkg/triggers, until `pkg triggers` is run
 * in a chroot (freebsd/pkg, libpkg/triggers.c: save_trigger, exec_deferred; src/triggers.c, which exits 0 whatever came of
 * it; tests/frontend/triggers.sh has the texts). Of Lua, the three statements that fixtures have.
 */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { rooted } from '../rooted.ts'
import { runUncounted } from '../run.ts'
import { type Screen, Unknown } from '../screen.ts'
import { type Steps, wait } from '../starting.ts'
import type { Session } from './session.ts'
import { isOn, listOf, objectOf, parseUcl, textOf } from './ucl.ts'

/** libpkg/pkg_config.c, PKG_TRIGGERS_DIR. */
const PLACES = ['/usr/share/pkg/triggers', '/usr/local/share/pkg/triggers']

type Place = Pick<Session, 'machine' | 'call' | 'disk' | 'settings' | 'database' | 'screen'>

/** `touched`: the directories, as the tree has them, of what was installed or removed. */
export function* runTriggers(touched: ReadonlySet<string>, session: Place): Steps<void> {
  const { disk, settings, screen } = session
  for (const place of PLACES.map(each => posix.join('/', settings.root, each)))
    for (const name of (disk.list(place) ?? []).filter(each => each.endsWith('.ucl'))) {
      const found = parseUcl(disk.text(posix.join(place, name)) ?? '')
      const trigger = objectOf(found.trigger)
      if (found.path_glob !== undefined || found.path_regexp !== undefined) throw new Unknown('pattern of a trigger')
      const matched = listOf(found.path).filter(path => touched.has(String(path)))
      if (matched.length === 0) continue
      screen.out(`==> Running trigger: ${name}\n`)
      const script = textOf(trigger.script) ?? ''
      const isSandboxed = trigger.sandbox === undefined || isOn(trigger.sandbox)
      if (settings.isRelocated && !isSandboxed) save(script, matched.map(String), session)
      else yield* execute(script, isSandboxed, session)
    }
}

const saved = ({ database }: Place) => `${database.directory}/triggers`

function save(script: string, directories: readonly string[], session: Place): void {
  const name = createHash('sha256').update(script).digest('hex').slice(0, 10)
  session.disk.mkdirs(saved(session))
  const lines = ['--begin args', ...directories.map(each => `-- ${each}`), '--end args', '--', script, '']
  session.disk.write(posix.join(saved(session), name), lines.join('\n'), 0o644)
}

/** `pkg triggers`. */
export function* deferred(_args: readonly string[], session: Session): Steps<number> {
  const { disk } = session
  for (const name of disk.list(saved(session)) ?? []) {
    const path = posix.join(saved(session), name)
    const [head = '', script = ''] = (disk.text(path) ?? '').split('--end args\n--\n')
    if (yield* execute(script.trim(), head.startsWith('--sandbox'), session)) disk.remove(path)
  }
  return 0
}

function* execute(script: string, isSandboxed: boolean, session: Place): Steps<boolean> {
  const problem = yield* runLua(script, isSandboxed, session)
  if (problem === undefined) return true
  session.screen.err(`pkg: Failed to execute lua trigger: [string "${script}"]:1: ${problem}\npkg: lua script failed\n`)
  return false
}

function* runLua(
  script: string,
  isSandboxed: boolean,
  { machine, call, settings, screen }: Place,
): Steps<string | undefined> {
  for (const line of script.split('\n').map(each => each.trim())) {
    const [, statement, text = ''] = /^(print|error|pkg\.exec)\((.*)\)$/.exec(line) ?? []
    if (statement === 'print') screen.out(`${JSON.parse(text)}\n`)
    else if (statement === 'error') return JSON.parse(text)
    else if (statement === 'pkg.exec') {
      if (isSandboxed) return 'pkg.exec not available in sandbox'
      const [program = '', ...args] = JSON.parse(text.replace(/^\{(.*)\}$/, '[$1]')) as string[]
      const inside = settings.root === '' ? machine : rooted(machine, settings.root)
      show(screen, yield* wait(runUncounted(inside, posix.basename(program), { ...call, args, cwd: '/' })))
    } else throw new Unknown(`Lua: ${line}`)
  }
  return undefined
}

function show(screen: Screen, { stdout, stderr }: { stdout: string; stderr: string }): void {
  screen.out(stdout)
  screen.err(stderr)
}
