/**
 * Ansible's protocol around `converge`: arguments come inside this very file, one JSON object goes to standard output.
 * The only writer of output and the only catch. Why each rule is there: CONTRIBUTING.md, "What Ansible does".
 */
import { writeSync } from 'node:fs'
import { apply, check, converge, type Report } from './converge.ts'
import { doneBefore, GoalMissed, isExplained, stackOf } from './errors.ts'
import { localHost } from './local-host.ts'
import type { AnyDefinition } from './module.ts'
import { secretsIn } from './options.ts'
import { encodeResult, masking } from './result.ts'
import { describeStep } from './step.ts'

/** Runs a module as Ansible's program and ends the process. `source` is the text of a function that holds the arguments. */
export async function runProgram(definition: AnyDefinition, source: () => unknown): Promise<never> {
  // A lost connection must not end a change halfway, and without pipelining a warning would get into the output.
  process.on('SIGHUP', () => {})
  process.removeAllListeners('warning')

  let result: object
  try {
    result = await answer(definition, readArguments(source))
  } catch (error) {
    result = failure(error)
  }
  writeAll(encodeResult(result))
  process.exit(0)
}

/** The result for Ansible, given all that it sent. */
export async function answer(
  definition: AnyDefinition,
  given: Record<string, unknown>,
  host = localHost(),
): Promise<object> {
  const settings = entriesOf(given, key => key.startsWith('_ansible_'))
  const options = entriesOf(given, key => !key.startsWith('_ansible_'))
  const mask = masking(secretsIn(definition.options, options))
  const invocation = { module_args: options }

  try {
    const report = await converge(definition, options, host, settings._ansible_check_mode === true ? check : apply, {
      now: () => new Date(),
      holder: describeHolder(definition.name),
    })
    return mask({ ...told(report, settings), invocation })
  } catch (error) {
    const failed = failure(error, definition.name)
    if (!(error instanceof GoalMissed) || error.report === undefined) return mask({ ...failed, invocation })
    // What failed, and how the others fared.
    const msg = `${failed.msg}\n${error.report.msg}`
    return mask({ ...told(error.report, settings), ...failed, msg, invocation })
  }
}

function told({ diff, warnings, facts, ...rest }: Report, settings: Record<string, unknown>): object {
  return {
    ...rest,
    ...(warnings.length > 0 && { warnings }),
    ...(settings._ansible_diff === true && { diff }),
    ...(facts !== undefined && { ansible_facts: facts }),
  }
}

/** A failed result. A bug of ours carries its stack; what is explained by its message does not. */
function failure(error: unknown, name = 'module') {
  const done = doneBefore(error)
  const message = error instanceof Error ? error.message : String(error)
  const exception = stackOf(error)
  return {
    failed: true,
    changed: done.length > 0,
    steps: done.map(describeStep),
    msg: isExplained(error)
      ? `${name}: ${message}`
      : `${name} has a bug: ${message}. Please report it with the output of -vvv.`,
    ...(exception === undefined ? {} : { exception }),
  }
}

/**
 * The arguments are read from the function's text: as a literal, `__proto__` would set the prototype and be lost. Only
 * NaN and Infinity, which JSON does not have, need the literal.
 */
export function readArguments(source: () => unknown): Record<string, unknown> {
  const text = source
    .toString()
    .replace(/^\(\)\s*=>\s*\(/, '')
    .replace(/\)$/, '')
  try {
    return JSON.parse(text)
  } catch {
    return source() as Record<string, unknown>
  }
}

/** Process exit would cut off what a pipe has not taken yet (64 KiB, over ssh 128), so write until all is gone. */
export function writeAll(bytes: Buffer, descriptor: 1 | 2 = 1): void {
  let rest = bytes
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
    }
  }
}

/** Who holds a lock, for those who meet it. */
export function describeHolder(name: string): string {
  const from = process.env.SSH_CONNECTION?.split(' ')[0]
  return `${name} (process ${process.pid}, since ${new Date().toISOString()}${from === undefined ? '' : `, from ${from}`})`
}

const entriesOf = (given: Record<string, unknown>, keep: (key: string) => boolean): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).filter(([key]) => keep(key)))
