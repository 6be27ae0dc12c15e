/** A machine, as modules see it: a `Probe` can only look, a `Host` can also act. */
import type { Command, Step } from './step.ts'

/** What a command said. */
export interface Answer {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/** What lstat(2) says of a path: a link is reported as a link and never followed. */
export interface PathStatus {
  /** The path itself, or the link in the middle of it where the walk ended. */
  readonly at: string
  readonly type: 'file' | 'directory' | 'link' | 'other'
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of a file: how many it has. */
  readonly bytes?: number
  /** What a link says. */
  readonly target?: string
}

export interface QueryOptions {
  /** Exit statuses that are answers and not failures. Default: 0 alone. */
  readonly exits?: readonly number[]
  /** Written to the command's standard input. */
  readonly input?: string
  /** How long it may take. */
  readonly timeoutSeconds?: number
  /** `latin1`: each character of standard output is a byte of it. Default: text. */
  readonly encoding?: 'latin1'
  /** A command that says more is ended, and has failed: half an answer is none. Default: 256 MiB. */
  readonly mostBytes?: number
  /** Its exit status is the answer, and what it says only for people: of much, the first and the last is kept. */
  readonly isOnlyShown?: true
}

/** A server that something is asked of, over the network. */
export type Contact =
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number }
  | { readonly kind: 'http'; readonly url: string; readonly host?: string }

/** What a server said; a port that takes a connection says nothing. */
export interface Reply {
  readonly status?: number
  readonly text?: string
  /** Why there was no answer. */
  readonly problem?: string
}

export interface Probe {
  /** Runs a command that changes nothing. Throws `CommandFailed` when it exits with a status not in `exits`. */
  query(command: Command, options?: QueryOptions): Promise<Answer>
  /**
   * A file's text, or undefined where there is none. With `beneath`, a directory above the path, no component below that
   * may be a link: throws `LinkInTheWay`.
   */
  read(path: string, beneath?: string): Promise<string | undefined>
  /** A file's bytes, as `read`, or 'too large' where there are more than `most`. */
  bytes(path: string, most: number, beneath?: string): Promise<Buffer | 'too large' | undefined>
  /** The sha256 of a file's bytes, in hexadecimal digits, however many there are. `beneath` as in `read`. */
  digest(path: string, beneath?: string): Promise<string | undefined>
  /** Asks once, from this host. */
  contact(to: Contact, timeoutSeconds: number): Promise<Reply>
  /** What is at `path`, or undefined where there is nothing. With `beneath`, the first link on the way ends the walk. */
  status(path: string, beneath?: string): Promise<PathStatus | undefined>
  /**
   * The names in a directory, sorted, or undefined where there is none. `beneath` as in `read`. With `most`, it is read no
   * further than to that many names.
   */
  list(path: string, beneath?: string, most?: number): Promise<string[] | undefined>
}

export interface Host extends Probe {
  perform(step: Step): Promise<void>
  /**
   * Takes the host's lock for changes, or throws `LockHeld` naming its holder. Returns the function that gives it back. With
   * `of`, of one thing alone: plain letters, digits and `-`.
   */
  lock(holder: string, of?: string): Promise<() => Promise<void>>
}
