/**
 * Which policy each dataset has: its property, else the list, else zfstools' property. Without a property of its own it
 * lacks what zfstools' properties forbid. What restoring or replicating has set aside has none: its snapshots stay as they
 * are.
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
    const nearest = settings.attachments
      .filter(each => isFor(each, name.split('/')))
      .sort((a, b) => depth(b) - depth(a) || wildcards(a) - wildcards(b))[0]
    const { zfstools } = settings
    const policy = nearest === undefined ? zfstools : nearest.policy
    if (policy === undefined || zfstools === undefined) return policy
    return allowed(policy, row, nearest !== undefined)
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
 * What zfstools' properties leave of a policy: that of a tier goes before that for all, and any other value than these three
 * is a no (bdrewery/zfstools lib/zfstools.rb, `find_eligible_datasets`). They forbid taking and nothing else, so what is
 * there expires as before, and of what is forbidden altogether nothing does.
 */
function allowed(policy: Policy, row: Row, byDefault: boolean): Policy | undefined {
  const isYes = (value: string | undefined) =>
    value === undefined ? byDefault : /^(true|mysql|postgresql)$/.test(value)
  const general = row.get(COM_SUN)
  const tiers = tiersOf(policy).filter(tier => isYes(row.get(`${COM_SUN}:${tier}`) ?? general))
  if (tiers.length > 0) return only(tiers, policy)
  return !policy.take && isYes(general) ? policy : undefined
}

/** Variants of a policy, so that datasets with the same wishes share one. */
const variants = new WeakMap<Policy, Map<string, Policy>>()

function only(tiers: readonly Tier[], policy: Policy): Policy {
  const takes = policy.takes.filter(tier => tiers.includes(tier))
  if (takes.length === policy.takes.length) return policy
  const known = variants.get(policy) ?? new Map<string, Policy>()
  variants.set(policy, known)
  const key = takes.join()
  const variant = known.get(key) ?? { ...policy, takes }
  known.set(key, variant)
  return variant
}
