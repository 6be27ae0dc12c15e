/** Datasets as a FreeBSD 14.2 host showed them, with some properties as a test wants them. */
import type { Dataset, PropertyState } from '../../modules/freebsd/zfs.ts'
import { parseProperties } from '../../modules/freebsd/zfs.ts'
import { nativeNames, type ZfsVersion } from '../../modules/freebsd/zfs-properties.ts'
import { type Circumstances, compareProperty } from '../../modules/rules/dataset/properties.ts'
import { type Known, knownFrom, normalizeWanted } from '../../modules/rules/dataset/values.ts'
import { said } from '../freebsd/zfs-transcript.ts'

export const DB = 'zroot/hosting/db'
const recorded = parseProperties(said(`zfs get -Hp -o name,property,value,source all ${DB}`).stdout, new Set([DB])).map(
  ({ property, value, source }) => [property, { value, source }] as const,
)

/** `16384 local`: the source is the last word, or all from `inherited` on. */
export function stateOf(text: string): PropertyState {
  const [, value = '', source = ''] =
    /^(.*?) ?(-|default|local|received|temporary|inherited from .+)$/s.exec(text) ?? []
  return { value, source }
}

const states = (texts: Record<string, string>) =>
  Object.entries(texts).map(([name, text]) => [name, stateOf(text)] as const)

/** The transcript's filesystem. */
export const filesystem = (texts: Record<string, string> = {}): Dataset => ({
  name: DB,
  type: 'filesystem',
  properties: new Map([...recorded, ...states(texts)]),
})

export const volume = (texts: Record<string, string> = {}): Dataset => ({
  name: 'zroot/hosting/vol',
  type: 'volume',
  properties: new Map(
    states({
      type: 'volume -',
      volsize: '10737418240 local',
      volblocksize: '16384 default',
      refreservation: '10952166605 local',
      encryption: 'off default',
      prefetch: 'all default',
      ...texts,
    }),
  ),
})

export const knows = (version: ZfsVersion): Known => ({ version, shown: new Set(nativeNames(version)) })
export const ON_2_2 = knownFrom([filesystem()])

/** The decision in words. */
export function decide(
  dataset: Dataset,
  name: string,
  value: string | number | boolean | null,
  circumstances: Partial<Circumstances> = {},
): string {
  const known = circumstances.known ?? ON_2_2
  const wanted = normalizeWanted(name, value, dataset.type, known)
  if ('refusal' in wanted) return `no: ${wanted.refusal}`
  const decision = compareProperty(wanted, dataset, { ...circumstances, known })
  switch (decision.kind) {
    case 'same':
      return decision.warning === undefined ? 'same' : `same, but ${decision.warning}`
    case 'set':
      return `set ${wanted.property}=${decision.value}${decision.after === decision.value ? '' : `, then ${decision.after}`}`
    case 'inherit':
      return `inherit${decision.received ? ' -S' : ''} ${wanted.property}`
    case 'refuse':
      return `no: ${decision.reason}`
  }
}
