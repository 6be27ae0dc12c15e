/**
 * What is done around the snapshots of a group: begun in the order of the policy, but tables locked last, since everybody
 * waits for those; ended in the opposite order, whatever happens.
 */
import { Failure } from '../../modules/core/errors.ts'
import type { Surroundings } from '../../modules/core/host-program.ts'
import type { Session } from '../../modules/core/session.ts'
import { type Command, run } from '../../modules/core/step.ts'
import {
  checkpoint,
  inside,
  lockTables,
  mariadbClient,
  runsServer,
  UNLOCK_TABLES,
} from '../../modules/freebsd/database-servers.ts'
import type { Group } from '../../modules/rules/snapshot/plan.ts'
import type { Hook } from '../../modules/rules/snapshot/policy.ts'

export type Tools = Pick<Surroundings, 'host' | 'hold'>

/** Both may throw a `Failure`. The second is called whenever the first was. */
interface Bracket {
  before(): Promise<void>
  after(): Promise<void>
}

export interface Outcome {
  /** A hook failed without which there shall be no snapshot, so there is none. */
  readonly isForbidden: boolean
  /** What hooks failed at, in sentences. */
  readonly troubles: readonly string[]
}

/** `running` are the jails that run: what is to be done inside others is left out. */
export async function between(
  { name, instance, policy }: Group,
  running: ReadonlySet<string>,
  tools: Tools,
  act: () => Promise<void>,
): Promise<Outcome> {
  const troubles: string[] = []
  const jail = instance !== undefined && running.has(instance) ? instance : undefined
  const attempt = async (hook: Hook, when: 'before' | 'after', part: () => Promise<void>): Promise<boolean> => {
    try {
      await part()
      return true
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      troubles.push(`${name}: the hook '${hook.kind}' ${when} the snapshot: ${error.message}`)
      return false
    }
  }
  const entered: { hook: Hook; bracket: Bracket }[] = []
  try {
    for (const hook of [...policy.hooks].sort((a, b) => Number(isLock(a)) - Number(isLock(b)))) {
      const bracket = bracketOf(hook, jail, tools)
      entered.unshift({ hook, bracket })
      const fine = await attempt(hook, 'before', bracket.before)
      if (!fine && hook.onFailure === 'skip') return { isForbidden: true, troubles }
    }
    await act()
    return { isForbidden: false, troubles }
  } finally {
    for (const { hook, bracket } of entered) await attempt(hook, 'after', bracket.after)
  }
}

const isLock = ({ kind }: Hook) => kind === 'mariadb'

function bracketOf(hook: Hook, jail: string | undefined, tools: Tools): Bracket {
  if (hook.kind === 'command') return ofCommands(hook, jail, tools)
  if (jail === undefined) return NOTHING
  return hook.kind === 'mariadb' ? ofLocks(hook, jail, tools) : ofCheckpoint(hook, jail, tools)
}

const NOTHING: Bracket = { before: async () => {}, after: async () => {} }

function ofCommands(hook: Hook, jail: string | undefined, { host }: Tools): Bracket {
  if (hook.inside && jail === undefined) return NOTHING
  const perform = async ([program, ...rest]: readonly string[]) => {
    if (program === undefined) return
    const command: Command = hook.inside && jail !== undefined ? inside(jail, [program, ...rest]) : [program, ...rest]
    await host.perform({ ...run(...command), timeoutSeconds: hook.timeoutSeconds })
  }
  return { before: () => perform(hook.before), after: () => perform(hook.after) }
}

function ofLocks({ timeoutSeconds }: Hook, jail: string, { host, hold }: Tools): Bracket {
  let session: Session | undefined
  let deadline: NodeJS.Timeout | undefined
  // Of a letting go at the deadline, what came of it: a snapshot may take minutes, and the customer's site waits meanwhile.
  let early: Promise<unknown> | undefined
  return {
    async before() {
      if (!(await runsServer(host, jail, 'mariadb'))) return
      const locked = await hold(mariadbClient(jail), lockTables(timeoutSeconds))
      session = locked
      deadline = setTimeout(() => {
        early = locked.end(UNLOCK_TABLES).catch((error: unknown) => error)
      }, timeoutSeconds * 1000)
    },
    async after() {
      clearTimeout(deadline)
      if (session === undefined) return
      if (early !== undefined) {
        const problem = await early
        throw new Failure(
          `the locks were let go after ${timeoutSeconds} s, before the snapshot was over, so it is one as after a power cut${problem instanceof Error ? `; and that failed: ${problem.message}` : ''}. If this happens again, look at what keeps the pool busy, or raise timeout_seconds.`,
        )
      }
      if (!session.holds)
        throw new Failure('the server or its client ended before the snapshot was over, and the locks with it')
      await session.end(UNLOCK_TABLES)
    },
  }
}

const ofCheckpoint = ({ timeoutSeconds }: Hook, jail: string, { host }: Tools): Bracket => ({
  ...NOTHING,
  async before() {
    if (await runsServer(host, jail, 'postgresql')) await host.perform({ ...run(...checkpoint(jail)), timeoutSeconds })
  },
})
