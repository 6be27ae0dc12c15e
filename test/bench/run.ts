/** Runs a playbook against a sandbox host and gives how long each of its tasks took. */

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { root } from '../../build/paths.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { quietEnvironment } from '../support/ansible.ts'

export interface Timed {
  readonly task: string
  readonly seconds: number
}

/** A host as an inventory has it. */
type Host = Pick<Sandbox, 'name' | 'inventoryVars'>

/** `venv` is a folder of `.venv`. Connections are kept, and tasks go in one round trip. */
export async function timeTasks(
  host: Host,
  venv: string,
  tasks: readonly object[],
  vars: object = {},
): Promise<Timed[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'bench-'))
  const [playbook, inventory, times] = ['play.yml', 'hosts.yml', 'times'].map(file => join(scratch, file)) as [
    string,
    string,
    string,
  ]
  const play = { hosts: 'all', gather_facts: false, vars: { ansible_pipelining: true, ...vars }, tasks }
  writeFileSync(playbook, stringify([play]))
  writeFileSync(inventory, stringify({ all: { hosts: { [host.name]: host.inventoryVars() } } }))
  const bin = join(root, '.venv', venv, 'bin')
  try {
    await promisify(execFile)(join(bin, 'ansible-playbook'), ['-i', inventory, playbook], {
      maxBuffer: 1 << 28,
      env: {
        ...process.env,
        ...quietEnvironment(),
        PATH: `${bin}:${process.env.PATH}`,
        ANSIBLE_CALLBACK_PLUGINS: join(root, 'test/bench/callback_plugins'),
        ANSIBLE_CALLBACKS_ENABLED: 'task_times',
        TASK_TIMES: times,
      },
    })
    const rows = readFileSync(times, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Timed & { status: string })
    const failed = rows.find(row => row.status !== 'ok')
    if (failed !== undefined) throw new Error(`the task '${failed.task}' is ${failed.status}`)
    return rows
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

export interface Spread {
  readonly median: number
  /** The 10th and the 90th percentile. */
  readonly low: number
  readonly high: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN
  return { median: at(0.5), low: at(0.1), high: at(0.9) }
}
