/** What a policy of snapshots says. Tiers are ways to count, not kinds of snapshots: one snapshot serves many of them. */

/** From the finest to the coarsest. */
export const TIERS = ['frequent', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
export type Tier = (typeof TIERS)[number]

/** Which datasets get their snapshots in one transaction, between the same hooks. */
export const GROUPS = ['dataset', 'instance', 'policy'] as const
export type GroupKind = (typeof GROUPS)[number]

export const SCHEMES = ['zfstools', 'sanoid'] as const
export type Scheme = (typeof SCHEMES)[number]

export const HOOKS = ['mariadb', 'postgresql', 'command'] as const

export interface Hook {
  readonly kind: (typeof HOOKS)[number]
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Of `command`: in the instance, and not on the host. */
  readonly inside: boolean
  readonly timeoutSeconds: number
  /** Without it no snapshot, or one of a running database as after a power cut. */
  readonly onFailure: 'skip' | 'continue'
}

/** Snapshots with names of another program, pruned by their own label's count. */
export interface Adoption {
  readonly scheme: Scheme
  /** Of zfstools. */
  readonly prefix: string
  /** How many of each label stay; labels that are not here are left alone. */
  readonly keep: ReadonlyMap<string, number>
}

export interface Policy {
  readonly name: string
  /** How many buckets of each tier keep a snapshot; 0 where the tier does not count. */
  readonly keep: Readonly<Record<Tier, number>>
  readonly frequentMinutes: number
  readonly keepLast: number
  /** Undefined: age alone takes none away. */
  readonly maxAgeDays: number | undefined
  readonly timezone: string
  readonly skipEmpty: boolean
  /** Without it snapshots are only pruned: they come from elsewhere. */
  readonly take: boolean
  /** Tiers for which snapshots are taken. A dataset may forbid one; what is there of it is kept all the same. */
  readonly takes: readonly Tier[]
  readonly group: GroupKind
  readonly hooks: readonly Hook[]
  readonly adopt: readonly Adoption[]
}

export const tiersOf = (policy: Pick<Policy, 'keep'>): Tier[] => TIERS.filter(tier => policy.keep[tier] > 0)
