/** kldstat(8) and kldload(8): the kernel's modules. Sources: sbin/kldstat/kldstat.c, freebsd-14.2/08-host.jsonl. */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'

/** With -v also what is in each file, so that a module compiled into the kernel is seen: it has no file of its own. */
const KLDSTAT: Command = ['kldstat', '-v']

const HEAD = /^Id Refs Address +Size +Name$|^\tContains modules:$|^\t\t ?Id Name$/
const FILE = /^ *\d+ +\d+ 0x[0-9a-f]+ +[0-9a-f]+ (\S+) \(.*\)$/
const MODULE = /^\t\t *\d+ (\S+)(?: \(.*\))?$/

/** Names by which kldload(8) would know what is loaded: those of files, without `.ko`, and of the modules in them. */
export function parseLoaded(stdout: string): Set<string> {
  const lines = stdout.split('\n').filter(line => line !== '' && !HEAD.test(line))
  return new Set(
    lines.flatMap(line => {
      const file = FILE.exec(line)?.[1]
      if (file !== undefined) return [file.replace(/\.ko$/, '')]
      const module = MODULE.exec(line)?.[1]
      if (module === undefined) throw new UnexpectedOutput(KLDSTAT, line)
      // A driver in the kernel shows as `pci/em`, and is what if_em.ko would bring.
      const driver = /\/(.+)$/.exec(module)?.[1]
      return driver === undefined ? [module] : [driver, `if_${driver}`]
    }),
  )
}

export const listLoaded = async (machine: Probe): Promise<Set<string>> =>
  parseLoaded((await machine.query(KLDSTAT)).stdout)

/** -n: quiet where it is loaded already (fact host-7). */
export const loadModules = (names: readonly string[]): RunStep => ({
  ...run('kldload', '-n', ...names),
  objections: [
    {
      said: /can't load .*: No such file or directory/,
      means:
        "There is no such module in the kernel's module path: look for its name in /boot/kernel and /boot/modules.",
    },
  ],
})
