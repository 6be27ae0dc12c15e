/** Scripts of /usr/local/etc/rc.d, which packages and we put there: real programs, run where processes are real. */
import type { Machine } from '../machine.ts'
import { type Steps, wait } from '../starting.ts'
import { type Ordered, readOrder } from './rcorder.ts'

const FOLDER = '/usr/local/etc/rc.d'

export interface LocalScript extends Ordered {
  readonly path: string
}

/** find_local_scripts_new of rc.subr: what can be run and has a line PROVIDE. */
export function localScripts(machine: Machine): LocalScript[] {
  const paths = (machine.tree.files.list(FOLDER) ?? []).map(name => `${FOLDER}/${name}`)
  return paths.flatMap(path => {
    const status = machine.tree.lstat(machine.tree.realpath(path) ?? path)
    const text = machine.tree.read(path) ?? ''
    const isMeant = status?.type === 'file' && (status.mode & 0o111) !== 0 && /^# PROVIDE:/m.test(text)
    return isMeant && !/\.(sample|pkgsave)$/.test(path) ? [{ path, ...readOrder(text) }] : []
  })
}

/** A script that fails does not keep the next from being run. */
export function* runScript(machine: Machine, { path }: LocalScript, verb: 'faststart' | 'faststop'): Steps<void> {
  yield* wait(machine.processes.start(machine, { argv: [path, verb] }))
}
