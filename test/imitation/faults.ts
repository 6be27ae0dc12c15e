/** Failures a test can order: programs that break, and power that goes. */
export type Fault = {
  readonly program: string
  /** Default: whatever its arguments. */
  readonly when?: (args: readonly string[]) => boolean
  /** How often it happens. Default: always. */
  readonly times?: number
} & (
  | { readonly kind: 'exit'; readonly exit?: number; readonly stdout?: string; readonly stderr?: string }
  /** Exits 0 and prints what no parser knows. */
  | { readonly kind: 'garbage'; readonly stdout?: string }
  | { readonly kind: 'hang' }
  /** Ends by this signal. With `afterwards` the change is made first. */
  | { readonly kind: 'kill'; readonly signal?: string; readonly afterwards?: boolean }
  | { readonly kind: 'missing' }
)

/** Thrown out of `run`: there is no such program. */
export class Missing extends Error {}

/** Thrown out of `run`: the program never ends. */
export class Hang extends Error {}

/** Thrown out of `run`: the program was ended by a signal. */
export class Killed extends Error {
  readonly signal: string

  constructor(signal: string) {
    super(`killed by ${signal}`)
    this.signal = signal
  }
}

/** Thrown out of `run`: the machine is off, and nothing more can be asked of it until `boot`. */
export class PowerCut extends Error {}
