/** What each task said on each host, as test/support/callback_plugins/task_rows.py writes it down. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../build/paths.ts'

export interface TaskRow {
  readonly task: string
  readonly host: string
  readonly status: 'ok' | 'failed' | 'skipped' | 'unreachable'
  readonly result: {
    readonly changed?: boolean
    readonly failed?: boolean
    readonly msg?: string
    readonly steps?: readonly string[]
    readonly warnings?: readonly string[]
    readonly [key: string]: unknown
  }
}

/** Makes Ansible write rows to that file. */
export function recordingEnvironment(file: string): Record<string, string> {
  return {
    ANSIBLE_CALLBACK_PLUGINS: join(root, 'test/support/callback_plugins'),
    ANSIBLE_CALLBACKS_ENABLED: 'task_rows',
    // Ad-hoc commands leave callbacks out otherwise.
    ANSIBLE_LOAD_CALLBACK_PLUGINS: '1',
    TASK_ROWS: file,
  }
}

export function readRows(file: string): TaskRow[] {
  try {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    return lines.map(line => JSON.parse(line))
  } catch (error) {
    // Ansible's other programs, and runs that end before the first task, write none.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** What check mode must foretell, task by task, whatever order hosts answer in. Of a task in two forms one is skipped. */
export const essenceOf = (rows: readonly TaskRow[]): string[] =>
  rows
    .filter(({ status }) => status !== 'skipped')
    .map(({ task, host, status, result: { changed, steps } }) => JSON.stringify({ task, host, status, changed, steps }))
    .sort()
