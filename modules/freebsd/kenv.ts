/** kenv(1): what the loader gave the running kernel, word for word. Source: bin/kenv/kenv.c, kdumpenv. */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'

const KENV: Command = ['kenv']

/** `name="value"` a line. */
export function parseKenv(stdout: string): Map<string, string> {
  const lines = stdout.split('\n').filter(line => line !== '')
  return new Map(
    lines.map(line => {
      const [, name, value] = /^([^=]+)="(.*)"$/.exec(line) ?? []
      if (name === undefined || value === undefined) throw new UnexpectedOutput(KENV, line)
      return [name, value] as const
    }),
  )
}

export const readKenv = async (machine: Probe): Promise<Map<string, string>> =>
  parseKenv((await machine.query(KENV)).stdout)
