/** sysctl(8): what the running kernel has. Sources: sbin/sysctl/sysctl.c (14), freebsd-14.2/04-symlink-rctl-net.jsonl. */
import type { Probe } from '../core/host.ts'
import { type RunStep, run } from '../core/step.ts'

/** By name; a name the kernel does not have is missing. */
export type Sysctls = ReadonlyMap<string, string>

/**
 * What `sysctl -ei` printed of `names`: `name=value`. A value may have lines of its own, and a name that stands for a
 * whole tree gives its leaves: neither is a value of one of `names`.
 */
export function parseSysctls(stdout: string, names: readonly string[]): Sysctls {
  const asked = new Set(names)
  return new Map(
    stdout.split('\n').flatMap(line => {
      const at = line.indexOf('=')
      const name = line.slice(0, at)
      return at > 0 && asked.has(name) ? [[name, line.slice(at + 1)] as const] : []
    }),
  )
}

/** Unknown names are left out (-i), so that one process serves all. */
export async function readSysctls(machine: Probe, names: readonly string[]): Promise<Sysctls> {
  if (names.length === 0) return new Map()
  return parseSysctls((await machine.query(['sysctl', '-ei', ...names])).stdout, names)
}

/** Of `names` those that can be set while the system runs (show_var: -W). */
export async function listWritable(machine: Probe, names: readonly string[]): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set()
  return new Set((await machine.query(['sysctl', '-NWi', ...names])).stdout.split('\n').filter(name => name !== ''))
}

/** Every name there is: some thousands. */
export const listSysctls = async (machine: Probe): Promise<string[]> =>
  (await machine.query(['sysctl', '-aN'])).stdout.split('\n').filter(name => name !== '')

/** Each is shown and set; the others are set where one fails. */
export const setSysctls = (values: ReadonlyMap<string, string>): RunStep => ({
  ...run('sysctl', ...[...values].map(([name, value]) => `${name}=${value}`)),
  objections: [
    {
      said: /^sysctl: unknown oid '/,
      means:
        'The kernel does not have it, also with the modules loaded that the task names. Look for its name with: sysctl -aN',
    },
    {
      said: /^sysctl: oid '.*' is (?:a )?read only/,
      means: 'It cannot be set while the system runs: put it in `loader_conf` and reboot.',
    },
    { said: /^sysctl: invalid /, means: 'The value is not of its kind; sysctl(8) takes numbers without units.' },
  ],
})

const NUMBER = /^([+-]?)(0x[0-9a-f]+|\d+)$/i

/** One spelling for values that sysctl(8) takes for the same: numbers in any base of strtol(3), lists with blanks or commas. */
export function canonicalSysctl(value: string): string {
  const words = value.split(/[ ,]+/).filter(word => word !== '')
  return words.length > 0 && words.every(word => NUMBER.test(word)) ? words.map(plainNumber).join(' ') : value.trim()
}

export const isNumeric = (value: string) => /^-?\d+(?: -?\d+)*$/.test(canonicalSysctl(value))

function plainNumber(word: string): string {
  const [, sign = '', digits = ''] = NUMBER.exec(word) ?? []
  const isOctal = /^0[0-7]+$/.test(digits)
  const number = BigInt(isOctal ? `0o${digits}` : digits)
  return String(sign === '-' ? -number : number)
}
