/**
 * Which policy each dataset has: its property, else what zfstools' property forbids, else the list, else zfstools' property.
 * What restoring or replicating has set aside has none: its snapshots stay as they are.
 */
import type { Row } from '../../freebsd/zfs-tree.ts'
import { isSetAside } from '../stamp.ts'
import { type Policy, TIERS, type Tier, tiersOf } from './policy.ts'
import { type Attachment, OFF, type Settings } from './settings.ts'

export const COM_SUN = 'com.sun:auto-snapshot'

/** The user properties that decide, to be read of each dataset. */
export const decisive = ({ property, zfstools }: Settings): string[] =>
  zfstools === undefined ? [property] : [property, COM_SUN, ...TIERS.map(tier => `${COM_SUN}:${tier}`)]

export interface Attached {
  readonly name: string
  readonly policy: Policy
}

/** Datasets with a policy, in their order, and what is wrong with how they say so. */
export function attach(
  datasets: ReadonlyMap<string, Row>,
  settings: Settings,
): { attached: Attached[]; problems: string[] } {
  const problems = new Map<string, string[]>()
  const attached = [...datasets].flatMap(([name, row]) => {
    const policy = policyOf(name, row)
    return policy === undefined ? [] : [{ name, policy }]
  })
  return {
    attached,
    problems: [...problems].map(
      ([value, [first, ...more]]) =>
        `${first}${more.length > 0 ? ` and ${more.length} more` : ''}: ${settings.property}=${value} names no policy. Known are: ${[...settings.policies.keys(), OFF].join(', ')}.`,
    ),
  }

  function policyOf(name: string, row: Row): Policy | undefined {
    if (isSetAside(name)) return undefined
    const own = row.get(settings.property)
    if (own !== undefined) {
      const policy = settings.policies.get(own)
      if (policy === undefined && own !== OFF) problems.set(own, [...(problems.get(own) ?? []), name])
      return policy
    }
    const told = settings.zfstools === undefined ? undefined : fromZfstools(settings.zfstools, row)
    if (told === OFF) return undefined
    const nearest = settings.attachments
      .filter(each => isFor(each, name.split('/')))
      .sort((a, b) => depth(b) - depth(a) || wildcards(a) - wildcards(b))[0]
    return nearest === undefined ? told : nearest.policy
  }
}

/** `*` stands for any one component. */
function isFor({ name, recursive }: Attachment, components: readonly string[]): boolean {
  const wanted = name.split('/')
  if (recursive ? wanted.length > components.length : wanted.length !== components.length) return false
  return wanted.every((word, at) => word === '*' || word === components[at])
}

const depth = ({ name }: Attachment) => name.split('/').length
const wildcards = ({ name }: Attachment) => name.split('/').filter(word => word === '*').length

/**
 * What zfstools' properties say: that of a tier before that for all, and any other value than these three is a no
 * (bdrewery/zfstools lib/zfstools.rb, `find_eligible_datasets`). Undefined where they say nothing.
 */
function fromZfstools(policy: Policy, row: Row): Policy | typeof OFF | undefined {
  const isYes = (value: string) => /^(true|mysql|postgresql)$/.test(value)
  const general = row.get(COM_SUN)
  const tiers = tiersOf(policy).filter(tier => isYes(row.get(`${COM_SUN}:${tier}`) ?? general ?? OFF))
  if (tiers.length > 0) return only(tiers, policy)
  return general === undefined ? undefined : OFF
}

/** Variants of a policy, so that datasets with the same wishes share one. */
const variants = new WeakMap<Policy, Map<string, Policy>>()

function only(tiers: readonly Tier[], policy: Policy): Policy {
  if (tiers.length === tiersOf(policy).length) return policy
  const known = variants.get(policy) ?? new Map<string, Policy>()
  variants.set(policy, known)
  const key = tiers.join()
  const found = known.get(key)
  if (found !== undefined) return found
  const keep = Object.fromEntries(TIERS.map(tier => [tier, tiers.includes(tier) ? policy.keep[tier] : 0]))
  const variant = { ...policy, keep: keep as Policy['keep'] }
  known.set(key, variant)
  return variant
}
