/** What a native property of OpenZFS is, and short ways to write down the kinds of them that table.ts lists. */
export type Kind = 'f' | 'v' | 's' | 'b'

export interface Property {
  readonly name: string
  readonly form: 'number' | 'index' | 'string' | 'date'
  /** `once` is PROP_ONETIME, `once-default` PROP_ONETIME_DEFAULT. */
  readonly attribute: 'readonly' | 'default' | 'inherit' | 'once' | 'once-default'
  /** To which it applies: filesystem, volume, snapshot, bookmark. */
  readonly kinds: string
  readonly initial: string
  /** As usage and error messages list them. */
  readonly values: string
  readonly column: string
  /** Index values: every accepted name to the one that `get` prints. */
  readonly names?: ReadonlyMap<string, string>
  readonly hidden?: true
}

export const SIZE = '<size>'
export const SIZE_OR_NONE = '<size> | none'
export const COUNT_OR_NONE = '<count> | none'
export const SUMS = 'sha256[,verify] | sha512[,verify] | skein[,verify] | edonr,verify | blake3[,verify]'

/** `a b=a`: b is another name for a. */
export const names = (list: string) =>
  new Map(list.split(' ').map((word): [string, string] => [word.split('=')[0] ?? '', word.split('=')[1] ?? word]))

export const SWITCH = names('off on')
export const COMPRESSION = [
  'on off lzjb gzip gzip-1 gzip-2 gzip-3 gzip-4 gzip-5 gzip-6=gzip gzip-7 gzip-8 gzip-9 zle lz4 zstd zstd-fast=zstd-fast',
  ...Array.from({ length: 19 }, (_, level) => `zstd-${level + 1}`),
  // The default of zstd-fast is level 1, and its name comes before `zstd-fast-1` in the table.
  'zstd-fast-1=zstd-fast',
  ...[2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 500, 1000].map(level => `zstd-fast-${level}`),
].join(' ')
export const COMPRESSION_VALUES =
  'on | off | lzjb | gzip | gzip-[1-9] | zle | lz4 | zstd | zstd-[1-19] | zstd-fast | zstd-fast-[1-10,20,30,40,50,60,70,80,90,100,500,1000]'

type Rest = Partial<Pick<Property, 'names' | 'hidden' | 'column'>>

export function property(
  name: string,
  form: Property['form'],
  attribute: Property['attribute'],
  kinds: string,
  initial: string,
  values: string,
  rest: Rest = {},
): Property {
  return { name, form, attribute, kinds, initial, values, column: name.toUpperCase(), ...rest }
}

export const index = (
  name: string,
  attribute: Property['attribute'],
  kinds: string,
  initial: string,
  list: string,
  rest: Rest = {},
) => property(name, 'index', attribute, kinds, initial, list, { names: names(list.replaceAll(' |', '')), ...rest })
export const onOff = (name: string, kinds: string, initial: string, column = name.toUpperCase()) =>
  property(name, 'index', 'inherit', kinds, initial, 'on | off', { names: SWITCH, column })
export const size = (
  name: string,
  attribute: Property['attribute'],
  kinds: string,
  values: string,
  column = name.toUpperCase(),
) => property(name, 'number', attribute, kinds, '0', values, { column })
export const text = (
  name: string,
  attribute: Property['attribute'],
  kinds: string,
  initial: string,
  values: string,
  column?: string,
) => property(name, 'string', attribute, kinds, initial, values, column === undefined ? {} : { column })
export const hidden = (name: string, form: Property['form'], kinds: string) =>
  property(name, form, 'readonly', kinds, '', '', { hidden: true })

export const CACHE = 'all | none | metadata'
