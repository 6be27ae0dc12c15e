/** Policies and whom they are for, as they were asked for in a task or stand in the policy file: checked, and ready to decide by. */
import { InvalidOptions, Refused } from '../../core/errors.ts'
import { readOptions, type ValuesOf } from '../../core/options.ts'
import { datasetNameProblem } from '../../freebsd/zfs-names.ts'
import { FORMAT, PROGRAM_SETTINGS, type Site } from '../layout.ts'
import { siteOf } from '../site.ts'
import { isTimeZone } from './buckets.ts'
import { SETTINGS } from './options.ts'
import { type Adoption, type Hook, type Policy, TIERS, type Tier, tiersOf } from './policy.ts'

export const POLICY_FILE = `${PROGRAM_SETTINGS}/autosnap.json`

export type Wanted = ValuesOf<typeof SETTINGS>

export interface Attachment {
  readonly name: string
  /** Undefined: none, and none from above. */
  readonly policy: Policy | undefined
  readonly recursive: boolean
}

export interface Settings {
  readonly policies: ReadonlyMap<string, Policy>
  readonly attachments: readonly Attachment[]
  readonly property: string
  readonly zfstools: Policy | undefined
  readonly waitForResilver: boolean
  readonly prometheusFile: string | undefined
  readonly site: Site
}

/** YAML takes a bare `off` for false. */
export const OFF = 'off'

/** Throws `InvalidOptions` for what cannot be meant. */
export function settingsOf(wanted: Wanted): Settings {
  const policies = new Map<string, Policy>()
  for (const each of wanted.policies ?? []) {
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(each.name) || each.name === OFF)
      throw new InvalidOptions(
        `'${each.name}' cannot be a policy's name: letters, digits, '_' and '-' are possible, and not 'off'`,
      )
    if (policies.has(each.name)) throw new InvalidOptions(`there are two policies named '${each.name}'`)
    policies.set(each.name, policyOf(each))
  }
  const named = (name: string, where: string) => {
    const policy = policies.get(name)
    if (policy !== undefined || name === OFF) return policy
    throw new InvalidOptions(
      `${where} names the policy '${name}', which is not among 'policies': ${[...policies.keys()].join(', ') || 'there are none'}`,
    )
  }
  const property = wanted.property
  if (!/^[a-z0-9][a-z0-9._-]*:[a-z0-9:._-]+$/.test(property))
    throw new InvalidOptions(`property '${property}' is not a user property's name: it has a colon, and no capitals`)
  const attachments = (wanted.datasets ?? []).map(({ name, policy, recursive }) => {
    const problem = datasetNameProblem(name.replaceAll(/(?<=\/)\*(?=\/|$)/g, 'any'))
    if (problem !== undefined) throw new InvalidOptions(`datasets: '${name}' cannot be a dataset's name: ${problem}`)
    return { name, policy: named(policy === false ? OFF : String(policy), `datasets: '${name}'`), recursive }
  })
  const twice = attachments.find(({ name }, at) => attachments.findIndex(other => other.name === name) !== at)
  if (twice !== undefined) throw new InvalidOptions(`datasets: '${twice.name}' is there twice`)
  return {
    policies,
    attachments,
    property,
    zfstools: wanted.zfstools_policy === undefined ? undefined : named(wanted.zfstools_policy, 'zfstools_policy'),
    waitForResilver: wanted.wait_for_resilver,
    prometheusFile: wanted.prometheus_file,
    site: siteOf(wanted),
  }
}

function policyOf(given: NonNullable<Wanted['policies']>[number]): Policy {
  const keep = Object.fromEntries(TIERS.map(tier => [tier, given[tier]])) as Record<Tier, number>
  if (!isTimeZone(given.timezone))
    throw new InvalidOptions(
      `policy '${given.name}': '${given.timezone}' is no time zone; one is written like 'Europe/Amsterdam' or 'UTC'`,
    )
  if (given.take && TIERS.every(tier => keep[tier] === 0))
    throw new InvalidOptions(
      `policy '${given.name}' says of no tier how many to keep (${TIERS.join(', ')}), so it would never take a snapshot. Give it one, or 'take: false' to prune only.`,
    )
  const hooks = (given.hooks ?? []).map(each => hookOf(given.name, each))
  if (given.group === 'policy' && hooks.some(({ kind, inside }) => kind !== 'command' || inside))
    throw new InvalidOptions(
      `policy '${given.name}': a hook of it is run in an instance, and the group 'policy' is of many. Leave 'group' at 'instance'.`,
    )
  const database = hooks.find(({ kind }) => kind !== 'command')
  if (given.group === 'dataset' && database !== undefined)
    throw new InvalidOptions(
      `policy '${given.name}': the hook '${database.kind}' is for all that a database has at one moment, and with the group 'dataset' its data and its log get their snapshots one after the other. Leave 'group' at 'instance'.`,
    )
  const needless = given.take ? undefined : hooks.length > 0 ? 'hooks' : given.skip_empty ? 'skip_empty' : undefined
  if (needless !== undefined)
    throw new InvalidOptions(`policy '${given.name}' takes none, so '${needless}' would never count. Leave it out.`)
  return {
    name: given.name,
    keep,
    frequentMinutes: given.frequent_minutes,
    keepLast: given.keep_last,
    maxAgeDays: given.max_age_days,
    timezone: given.timezone,
    skipEmpty: given.skip_empty,
    take: given.take,
    takes: given.take ? tiersOf({ keep }) : [],
    group: given.group,
    hooks,
    adopt: (given.adopt ?? []).map(each => adoptionOf(each, keep)),
  }
}

type GivenPolicy = NonNullable<Wanted['policies']>[number]

function hookOf(policy: string, given: NonNullable<GivenPolicy['hooks']>[number]): Hook {
  const { kind, before = [], after = [], inside } = given
  const hasCommand = before.length + after.length > 0
  if ((kind === 'command') !== hasCommand)
    throw new InvalidOptions(
      `policy '${policy}': ${hasCommand ? `'before' and 'after' are for hooks of the kind 'command', not '${kind}'` : `a hook of the kind 'command' needs 'before' or 'after'`}`,
    )
  if (
    kind === 'command' &&
    !inside &&
    [before, after].some(([program]) => program !== undefined && !program.startsWith('/'))
  )
    throw new InvalidOptions(
      `policy '${policy}': a hook's program is named by its whole path, like /usr/local/sbin/quiesce`,
    )
  return { kind, before, after, inside, timeoutSeconds: given.timeout_seconds, onFailure: given.on_failure }
}

function adoptionOf(given: NonNullable<GivenPolicy['adopt']>[number], keep: Readonly<Record<Tier, number>>): Adoption {
  const labelled = (tier: Tier) => (tier === 'frequent' && given.names === 'sanoid' ? 'frequently' : tier)
  const counts =
    given.keep ?? Object.fromEntries(TIERS.filter(tier => keep[tier] > 0).map(tier => [labelled(tier), keep[tier]]))
  return { scheme: given.names, prefix: given.prefix, keep: new Map(Object.entries(counts)) }
}

/** The policy file's text. What was not asked for is not in it. */
export const policyFile = (wanted: Wanted): string => `${JSON.stringify({ format: FORMAT, ...wanted }, null, 2)}\n`

/** Settings of a policy file. Throws `Refused`, naming the file. */
export function readPolicyFile(text: string, path = POLICY_FILE): Settings {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    throw new Refused(`${path} is not JSON: ${(error as Error).message}. Run zfs_autosnap again to write it.`)
  }
  const { format, ...rest } = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>
  if (typeof format !== 'number' || format > FORMAT)
    throw new Refused(
      `${path} has format ${JSON.stringify(format) ?? 'none'}, and this program reads ${FORMAT}. Run zfs_autosnap again: it writes both.`,
    )
  const read = readOptions(SETTINGS, rest)
  if ('problems' in read) throw new Refused(`${path}: ${read.problems.join('; ')}`)
  return settingsOf(read.values)
}
