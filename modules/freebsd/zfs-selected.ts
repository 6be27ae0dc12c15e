/** zfs(8): a few properties of many datasets, in one process. For all properties of a few: zfs.ts. */
import { CommandFailed, UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'
import { inBatches, type PropertyState, parseProperties } from './zfs.ts'

export type Selected = ReadonlyMap<string, PropertyState>

/** These properties of these datasets. Those that do not exist are left out. */
export async function readSelected(
  machine: Pick<Probe, 'query'>,
  names: readonly string[],
  properties: readonly string[],
): Promise<Map<string, Selected>> {
  const found = new Map<string, Map<string, PropertyState>>()
  const start: Command = ['zfs', 'get', '-Hp', '-o', 'name,property,value,source', properties.join(',')]
  for (const command of inBatches(start, names)) {
    const answer = await machine.query(command, { exits: [0, 1] })
    const asked = new Set(command.slice(start.length))
    for (const line of answer.stderr.split('\n').filter(line => line !== '')) {
      const missing = /^cannot open '(.+)': dataset does not exist$/.exec(line)?.[1]
      if (missing === undefined || !asked.delete(missing)) throw CommandFailed.exited(command, answer)
    }
    for (const { dataset, property, ...state } of parseProperties(answer.stdout, asked)) {
      const known = found.get(dataset) ?? new Map<string, PropertyState>()
      // Each comes once; a value with line breaks that imitates another row would be seen here.
      if (known.has(property)) throw new UnexpectedOutput(command, `${dataset}\t${property}\t${state.value}`)
      found.set(dataset, known.set(property, { value: state.value, source: state.source }))
    }
    for (const name of asked)
      if (found.get(name)?.size !== properties.length) throw new UnexpectedOutput(command, `too little about '${name}'`)
  }
  return found
}

/** What was set on the dataset itself, or came to it by `zfs receive`: not what it inherits. */
export function ownValue(properties: Selected, name: string): string | undefined {
  const state = properties.get(name)
  return state !== undefined && /^(local|received)$/.test(state.source) ? state.value : undefined
}
