/** What a plan is made of: steps are data, and one interpreter (a `Host`) performs them. */

/** An argument vector. Never a shell string: a name cannot become syntax. */
export type Command = readonly [program: string, ...args: string[]]

/** What a step is to whoever planned it, to be found by among what was done. Nobody else looks at it. */
interface Cast {
  readonly role?: string
}

export interface RunStep extends Cast {
  readonly kind: 'run'
  readonly command: Command
  /** As reports show it, where a word of it is only known when it is run: a time that was measured. */
  readonly shown?: Command
  /** Written to the command's standard input. Keys and passwords go here, never into `command`. */
  readonly input?: string
  /** For commands that may rightly take longer than `commandTimeoutSeconds` of core/local-host.ts. */
  readonly timeoutSeconds?: number
  /**
   * When we are killed, it goes on, and the host's lock stays with it until it ends: nobody works beside it. For what may
   * take long, and neither leaves a process behind nor runs a customer's with what it inherits.
   */
  readonly keepsLock?: true
  /**
   * Exit statuses that the module itself deals with: what follows in the same list of steps is left, and the host is
   * looked at and planned for anew, with what the command said in hand (`Done` of core/perform.ts).
   */
  readonly setbacks?: readonly number[]
  /** What it may say that is a failure, whatever its exit status, and what that means. The first that fits is told. */
  readonly objections?: readonly Objection[]
  /** What it has to say where its exit status proves nothing. */
  readonly proof?: Proof
}

export interface Proof {
  /** Looked for in each line of standard output. */
  readonly says: RegExp
  /** What it means that no line says so: the cause and the way out, in sentences. */
  readonly without: string
}

export interface Objection {
  /** Looked for in each line of standard error, then of standard output. */
  readonly said: RegExp
  /** The cause and the way out, in sentences. */
  readonly means: string
  /** It is no failure where the exit status is 0. */
  readonly unlessSuccessful?: true
}

/** Two commands, the first one's output going into the second. It succeeds when both do. */
export interface PipeStep extends Cast {
  readonly kind: 'pipe'
  readonly from: Command
  readonly to: Command
  readonly timeoutSeconds?: number
  /**
   * Somebody else may keep it from succeeding, and the module itself deals with that, as with a setback: `Done.failure` then
   * says what happened. What may hold it up is for a person to read where time ran out.
   */
  readonly bears?: { readonly holdUp: string }
}

/**
 * A path on the host. `beneath` names a directory that is the operator's down to itself; below it, where a customer may
 * have put anything, not one component may be a link. They are looked at one after the other, so nobody may be at work there
 * meanwhile: below the root of a running instance, a program in its jail acts in place of the host.
 */
interface Place extends Cast {
  readonly path: string
  readonly beneath?: string
}

/** Puts a file there whole: written beside it, flushed to disk, renamed. Keeps the mode and owner of the one it replaces. */
export interface WriteStep extends Place {
  readonly kind: 'write'
  readonly content: string
  /** Each character of `content` is a byte. Default: text. */
  readonly encoding?: 'latin1'
  /** Of a new file. Default: 0644, root's own. */
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
}

/** Removes a file or an empty directory. */
export interface RemoveStep extends Place {
  readonly kind: 'remove'
  /** It may be a link itself: that goes, and what it points to stays. */
  readonly mayBeLink?: true
}

/** Makes a directory whose parent exists, with root as its owner where no other is named. */
export interface DirectoryStep extends Place {
  readonly kind: 'directory'
  readonly mode: number
  readonly uid?: number
  readonly gid?: number
}

/** Gives a file or directory its mode, and its owner where one is named. */
export interface ModeStep extends Place {
  readonly kind: 'mode'
  readonly mode: number
  readonly owner?: { readonly uid: number; readonly gid: number }
}

/** rename(2): at every moment there is either the one or the other. */
export interface MoveStep extends Cast {
  readonly kind: 'move'
  readonly from: string
  readonly to: string
  /** As of a path: of both. */
  readonly beneath?: string
}

export type Step = RunStep | PipeStep | WriteStep | RemoveStep | DirectoryStep | ModeStep | MoveStep

/**
 * Lists of steps side by side, at most `atOnce` of them at a time. Each list ends at its own first failure; a failure is
 * reported when all have ended.
 */
export interface Together {
  readonly kind: 'together'
  readonly lists: readonly (readonly Step[])[]
  readonly atOnce: number
}

/** Steps as a report lists them, whatever ran beside what. */
export const eachStep = (steps: readonly (Step | Together)[]): Step[] =>
  steps.flatMap(step => (step.kind === 'together' ? step.lists.flat() : [step]))

export function run(...command: Command): RunStep {
  return { kind: 'run', command }
}

export function pipe(from: Command, to: Command): PipeStep {
  return { kind: 'pipe', from, to }
}

/** It does nothing but let time pass. */
export const isPause = (step: Step): boolean => step.kind === 'run' && step.command[0] === 'sleep'

/** What acts on files and not by a command. */
export type FileStep = Exclude<Step, RunStep | PipeStep>

/** A step in words, as reports show it: a command as a person could paste it into sh(1). */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'run':
      return describeCommand(step.shown ?? step.command)
    case 'pipe':
      return `${describeCommand(step.from)} | ${describeCommand(step.to)}`
    case 'write':
      return `write ${quote(step.path)}`
    case 'remove':
      return `rm ${quote(step.path)}`
    case 'directory':
      return `mkdir -m ${describeMode(step.mode)} ${quote(step.path)}`
    case 'move':
      return `mv ${quote(step.from)} ${quote(step.to)}`
    case 'mode':
      return `${step.owner === undefined ? '' : `chown ${step.owner.uid}:${step.owner.gid} and `}chmod ${describeMode(step.mode)} ${quote(step.path)}`
  }
}

/** As chmod(1) and Ansible write it: `0700`. */
export const describeMode = (mode: number) => mode.toString(8).padStart(4, '0')

export const describeCommand = (command: Command) => command.map(quote).join(' ')

const quote = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
