/** Our programs in the virtual machine: installed, watched, and killed at a command of one's choice. */
import { buildProgram } from '../../build/program.ts'
import type { Machine } from './machine.ts'

/** Gives the path. */
export async function installProgram(machine: Machine, name: string): Promise<string> {
  const path = `/usr/local/libexec/bluejail/${name}`
  await machine.write(path, await buildProgram(name), '0755')
  return path
}

const LOG = '/run/watch/log'
const KILL_AT = '/run/watch/kill-at'
export const VICTIM = '/run/watch/victim'

export interface Watch {
  /** Command lines since the last call, in the order they were started. */
  commands(): Promise<string[]>
  /**
   * Whoever starts the n-th command from now on is killed by SIGKILL: before it does anything, or once it is done. Behind
   * ssh that would be its server; where a process has written its id into VICTIM, it is that one.
   */
  killAt(number: number, when: 'before' | 'after'): Promise<void>
  /** Nobody is killed any more. */
  calm(): Promise<void>
  /** The real programs are back. */
  remove(): Promise<void>
}

/**
 * Puts a few lines of sh in the place of each program, which write down its arguments and go on with it. A lock around the
 * counting keeps the order where several are started at once.
 */
export async function watchCommands(machine: Machine, paths: readonly string[]): Promise<Watch> {
  await machine.run(['mkdir', '-p', '/run/watch'])
  for (const path of paths) {
    await machine.run(['mv', path, `${path}.watched`])
    await machine.write(path, watcher(path), '0755')
  }
  return {
    async commands() {
      const text = await machine.shell(`cat ${LOG} 2>/dev/null || :; rm -f ${LOG}`)
      return text.split('\n').filter(line => line !== '')
    },
    killAt: async (number, when) => void (await machine.shell(`rm -f ${LOG}; echo ${number} ${when} >${KILL_AT}`)),
    calm: async () => void (await machine.shell(`rm -f ${KILL_AT} ${LOG} ${VICTIM}`)),
    async remove() {
      for (const path of paths) await machine.run(['mv', `${path}.watched`, path])
      await machine.run(['rm', '-rf', '/run/watch'])
    },
  }
}

const watcher = (path: string) => `#!/bin/sh
exec 9>>/run/watch/lock
flock 9
echo "\${0##*/} $*" >>${LOG}
number= when=
if [ -e ${KILL_AT} ]; then
  read -r number when <${KILL_AT}
  [ "$(wc -l <${LOG})" = "$number" ] || when=
fi
exec 9>&-
victim=$(cat ${VICTIM} 2>/dev/null || echo $PPID)
case $when in
before) kill -9 $victim; exit 1 ;;
after)
  ${path}.watched "$@"
  status=$?
  kill -9 $victim
  exit $status ;;
esac
exec ${path}.watched "$@"
`
