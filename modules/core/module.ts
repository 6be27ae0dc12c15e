/** What a module is: two functions and the words for its documentation. There is no `apply`: steps are data. */
import type { Probe } from './host.ts'
import type { Lanes } from './lanes.ts'
import type { Shape, ValuesOf } from './options.ts'
import type { Done } from './perform.ts'
import type { Step, Together } from './step.ts'

/** Stands in a plan's `after` for what only FreeBSD decides: a computed size, a jid, a digest. */
export const UNKNOWN = 'unknown until applied'

export interface Plan<State> {
  /** What is, and what will be, as a person wants to read it in a diff: only what the task speaks of. */
  readonly before: State
  readonly after: State
  readonly steps: readonly (Step | Together)[]
  /**
   * What an earlier task would have made, and the way out. In check mode each is a warning and the plan is made as if it
   * were there; when applying it is an error.
   */
  readonly unmet?: readonly string[]
  readonly warnings?: readonly string[]
  /**
   * Steps, in words, that can only be decided when these are done, such as writing down a digest of what was built. When
   * applying, the host is then observed and planned for anew, until nothing is left for later.
   */
  readonly later?: readonly string[]
  /** Look again once the steps are done: their exit status alone does not prove that they did what they should. */
  readonly verify?: boolean
  /** Why the goal cannot be reached, sentences for a person: the run fails with them once the steps are done. */
  readonly failures?: readonly string[]
  /** A failed run tells of `after` all the same: it is so, whatever `failures` say. */
  readonly isToldInFailure?: true
  /** What goes on when this plan is carried out, each by itself. Their ends make the report: `after` and `msg` are not used. */
  readonly lanes?: Lanes
  /** What later tasks of the play shall know of the host, by the variable's name. */
  readonly facts?: Readonly<Record<string, unknown>>
  /** The outcome in one sentence. */
  readonly msg: string
}

export interface Definition<O extends Shape = Shape, S extends Shape = Shape, Seen = unknown> {
  /** The file's name and Ansible's name for it. */
  readonly name: string
  /** One line without a full stop. */
  readonly summary: string
  /** Paragraphs. */
  readonly description: readonly string[]
  readonly notes?: readonly string[]
  readonly options: O
  /** What is returned under the key `state`. */
  readonly state: S
  /** Facts that it may set, for its documentation: by the variable's name, what it holds and when. */
  readonly facts?: Readonly<Record<string, string>>
  /** A sentence each, and options as a playbook writes them. They are run by tests. */
  readonly examples: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** It runs on the controller, whatever that is. Others run on FreeBSD hosts. */
  readonly runsOnController?: true
  /** It never has a step, so it neither waits for the host's lock nor makes others wait. */
  readonly readsOnly?: true
  /** The program of `programs/` that it installs on the host (rules/program/install.ts): the build puts it into its file. */
  readonly program?: string
  /**
   * Reads all that the decision needs, in a number of processes that does not grow with the options. `done` is what this
   * run has done so far: nothing the first time, and nothing to rely on where the host itself can tell.
   */
  observe(options: ValuesOf<O>, machine: Probe, done: readonly Done[]): Promise<Seen>
  /** Decides, and throws `Refused` before anything is touched. Pure: time is an argument. */
  plan(options: ValuesOf<O>, seen: Seen, now: Date, done: readonly Done[]): Plan<ValuesOf<S>>
}

/** Returns its argument; the call is there for type inference. */
export function defineModule<O extends Shape, S extends Shape, Seen>(
  definition: Definition<O, S, Seen>,
): Definition<O, S, Seen> {
  return definition
}

/** Any module, for code that treats all alike. */
// biome-ignore lint/suspicious/noExplicitAny: `Seen` is a module's own affair and contravariant in `plan`
export type AnyDefinition = Definition<any, any, any>
