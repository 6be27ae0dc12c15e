/** What a plan is made of: steps are data, and one interpreter (a `Host`) performs them. */

/** An argument vector. Never a shell string: a name cannot become syntax. */
export type Command = readonly [program: string, ...args: string[]]

export interface RunStep {
  readonly kind: 'run'
  readonly command: Command
  /** Written to the command's standard input. Keys and passwords go here, never into `command`. */
  readonly input?: string
  /** For commands that may rightly take longer than `commandTimeoutSeconds` of core/local-host.ts. */
  readonly timeoutSeconds?: number
}

/** Gives a directory its mode, without following a link. */
export interface ModeStep {
  readonly kind: 'mode'
  readonly path: string
  readonly mode: number
}

export type Step = RunStep | ModeStep

export function run(...command: Command): RunStep {
  return { kind: 'run', command }
}

/** A step in words, as reports show it: a command as a person could paste it into sh(1). */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'run':
      return describeCommand(step.command)
    case 'mode':
      return `chmod ${describeMode(step.mode)} ${quote(step.path)}`
  }
}

/** As chmod(1) and Ansible write it: `0700`. */
export const describeMode = (mode: number) => mode.toString(8).padStart(4, '0')

export const describeCommand = (command: Command) => command.map(quote).join(' ')

const quote = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
