/**
 * Failures that are told to a person by their message alone: it names the thing, the cause and, where there is one, the
 * way out. Any other exception is a bug of ours and is reported with its stack.
 */
import type { Report } from './converge.ts'
import type { Answer } from './host.ts'
import { type Command, describeCommand, describeStep, type RunStep, type Step } from './step.ts'

export class Failure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** The task's options are wrong; nothing was looked at. */
export class InvalidOptions extends Failure {}

/** The plan cannot be carried out, or not safely; nothing was changed. */
export class Refused extends Failure {}

/** A command answered something we cannot read; acting on half of it would be guessing. */
export class UnexpectedOutput extends Failure {
  constructor(command: Command | string, line: string) {
    const words = typeof command === 'string' ? command : describeCommand(command)
    super(`cannot read what '${words}' printed: ${JSON.stringify(line.slice(0, 200))}. Please report this line.`)
  }
}

/** A command could not be started, ran out of time, was killed, or exited with a failure. */
export class CommandFailed extends Failure {
  readonly answer: Answer | undefined

  constructor(message: string, answer?: Answer) {
    super(message)
    this.answer = answer
  }

  static exited(command: Command, answer: Answer): CommandFailed {
    return new CommandFailed(
      `'${brief(command)}' failed with exit status ${answer.exit}: ${sayingOf(answer) || 'it printed nothing'}`,
      answer,
    )
  }

  /** Throws where a step's command failed, said what its step objects to, or did not say what proves that it worked. */
  static check({ command, objections = [], proof }: RunStep, answer: Answer): void {
    for (const { said, means, unlessSuccessful } of objections) {
      if (unlessSuccessful && answer.exit === 0) continue
      const line = [answer.stderr, answer.stdout].flatMap(text => text.split('\n')).find(text => said.test(text))
      if (line !== undefined) throw new CommandFailed(`${means} ('${brief(command)}' said: ${line.trim()})`, answer)
    }
    if (answer.exit !== 0) throw CommandFailed.exited(command, answer)
    if (proof !== undefined && !answer.stdout.split('\n').some(line => proof.says.test(line))) {
      throw new CommandFailed(`${proof.without} ('${brief(command)}' said: ${sayingOf(answer) || 'nothing'})`, answer)
    }
  }

  static missing(command: Command): CommandFailed {
    return new CommandFailed(
      `the program '${command[0]}' was not found on this host. It belongs to FreeBSD's base system: is this a FreeBSD host, and is PATH complete?`,
    )
  }

  static timedOut(
    command: Command,
    seconds: number,
    holdUp = "a suspended pool, a hanging disk: 'zpool status -x'",
  ): CommandFailed {
    return new CommandFailed(
      `'${brief(command)}' did not end within ${seconds} s and was stopped. See what holds it up (${holdUp}), then run this again.`,
    )
  }

  static saidTooMuch(command: Command, bytes: number): CommandFailed {
    const most = bytes < 1 << 20 ? `${bytes >> 10} KiB` : `${bytes >> 20} MiB`
    return new CommandFailed(`'${brief(command)}' printed more than ${most}, which nobody reads, and was stopped.`)
  }

  static killed(command: Command, signal: string): CommandFailed {
    return new CommandFailed(
      `'${brief(command)}' was ended by ${signal} before it finished. Run this again to complete the work.`,
    )
  }
}

/** A run that ended short of its goal. Carries what was done, so that the report can say so. */
class Halted extends Failure {
  readonly done: readonly Step[]

  constructor(message: string, done: readonly Step[], options?: ErrorOptions) {
    super(message, options)
    this.done = done
  }
}

/** A step and why it failed. */
export interface FailedStep {
  readonly step: Step
  readonly cause: unknown
}

/** A step failed, perhaps after others were done, or beside others that failed too. */
export class StepFailed extends Halted {
  constructor(failed: readonly FailedStep[], done: readonly Step[]) {
    const said = failed.map(({ step, cause }) =>
      cause instanceof Failure ? cause.message : `'${describeStep(step)}' failed: ${String(cause)}`,
    )
    const before =
      done.length === 0
        ? 'Nothing else was changed.'
        : `Before it, ${done.length} step(s) were done; run this again to finish.`
    const cause = (failed.find(one => !isExplained(one.cause)) ?? failed[0])?.cause
    super(`${said.map(words => words.replace(/\.?$/, '.')).join(' ')} ${before}`, done, { cause })
  }
}

/** Something else than a step failed once steps were done: the host could not be looked at again, say. */
export class CutShort extends Halted {
  constructor(cause: unknown, done: readonly Step[]) {
    const message = cause instanceof Error ? cause.message : String(cause)
    super(
      `${message.replace(/\.?$/, '.')} Before it, ${done.length} step(s) were done; run this again to finish.`,
      done,
      { cause },
    )
  }
}

/** What a lane does brings it no nearer to its end. */
export class EndlessRounds extends Failure {
  constructor(lane: string, rounds: number, words: readonly string[]) {
    super(
      `${lane} was given up after ${rounds} rounds that did not bring it to its end; the last was: ${words.join('; ')}. It is left as it is now. This should not be: please report it with these words.`,
    )
  }
}

/** All steps were done, and yet the host is not as it should be: an instance did not come up. */
export class GoalMissed extends Halted {
  /** How things are now, where that is told of a failed run too. */
  readonly report: Report | undefined
  /** Of bugs of ours among the reasons. */
  readonly stacks: readonly string[]

  constructor(reasons: readonly string[], done: readonly Step[], report?: Report, stacks: readonly string[] = []) {
    super(reasons.join(' '), done)
    this.report = report
    this.stacks = stacks
  }
}

/** The steps that were done before a run failed. */
export const doneBefore = (error: unknown): readonly Step[] => (error instanceof Halted ? error.done : [])

/** Somebody, most likely a customer, has put a link where a directory or file belongs. Nothing of ours follows it. */
export class LinkInTheWay extends Failure {
  constructor(path: string, link: string) {
    super(
      `${link} is a symbolic link, and nothing on the host follows links inside an instance${link === path ? '' : ` (on the way to ${path})`}. Look at where it points, and put a real file or directory in its place.`,
    )
  }
}

/** The host's lock cannot be taken by this user. */
export class NotPermitted extends Failure {
  constructor(path: string, cause: Error) {
    super(
      `changes need the host's lock ${path}, which this user may not take (${cause.message}). Run as root: 'become: true'.`,
      { cause },
    )
  }
}

/** Somebody else is changing this host. */
export class LockHeld extends Failure {
  constructor(path: string, holder: string, seconds: number) {
    super(
      `this host is being changed by ${holder || 'another run'} (lock ${path}), which did not end within ${seconds} s. Wait for it and run this again; to see the process, or where that was killed the command that it had begun: 'fstat ${path}'.`,
    )
  }
}

/** An error of the operating system, of one of these codes where any are given. */
export function isSystemError(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) && (codes.length === 0 || codes.includes(code))
}

/** Whether an exception is explained by its message, all the way down, and is not a bug of ours. */
export function isExplained(error: unknown): boolean {
  if (error instanceof StepFailed || error instanceof CutShort) return isExplained(error.cause)
  return error instanceof Failure || isSystemError(error)
}

/** Where a bug of ours is; undefined where there is none. */
export function stackOf(error: unknown): string | undefined {
  if (error instanceof GoalMissed && error.stacks.length > 0) return error.stacks.join('\n')
  if (!(error instanceof Error) || isExplained(error)) return undefined
  return error instanceof Halted && error.cause instanceof Error ? error.cause.stack : error.stack
}

/** Commands can have thousands of arguments; a message shows enough to recognize one. */
function brief(command: Command): string {
  const words = describeCommand(command)
  return words.length <= 300 ? words : `${words.slice(0, 300)}… (${command.length} words)`
}

const sayingOf = ({ stdout, stderr }: Answer): string => lastLines(stderr) || lastLines(stdout)

/** A line can be of any length: it may be a customer's. */
function lastLines(text: string): string {
  return text.slice(-2_000).trim().split('\n').slice(-5).join(' / ')
}
