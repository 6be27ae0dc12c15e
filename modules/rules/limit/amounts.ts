/** Amounts of a limit as a person writes them, exact. */
import { InvalidOptions } from '../../core/errors.ts'
import type { Kind } from '../../freebsd/rctl-resources.ts'

const SIZES = ['', 'k', 'm', 'g', 't', 'p', 'e']
const TIMES: Readonly<Record<string, bigint>> = { '': 1n, s: 1n, min: 60n, h: 3600n, d: 86_400n }

const EXPECTED: Readonly<Record<Kind, string>> = {
  bytes: 'a number of bytes, like 512M or 1.5G',
  count: 'a whole number',
  seconds: 'a number of seconds, or a time like 90min, 12h or 2d',
  percent: "a number of percents of one CPU, like 200 or '200%'",
}

export function readAmount(words: string, kind: Kind): bigint {
  const [, whole, part = '', unit = ''] = /^(\d+)(?:\.(\d+))? ?([a-z%]*)$/i.exec(words.trim()) ?? []
  const factor = factorOf(unit.toLowerCase(), kind)
  const divisor = 10n ** BigInt(part.length)
  const scaled = whole === undefined || factor === undefined ? undefined : BigInt(`${whole}${part}`) * factor
  if (scaled === undefined || scaled % divisor !== 0n) throw new InvalidOptions(`'${words}' is not ${EXPECTED[kind]}`)
  return scaled / divisor
}

/** Sizes are powers of 1024, as rctl(8) has them, whichever way they are spelled: M, MB, MiB. */
function factorOf(unit: string, kind: Kind): bigint | undefined {
  if (kind === 'seconds') return TIMES[unit]
  if (kind === 'percent') return unit === '' || unit === '%' ? 1n : undefined
  const power = SIZES.indexOf(unit.replace(/i?b$/, ''))
  return power === -1 || unit === 'ib' ? undefined : 1n << BigInt(10 * power)
}
