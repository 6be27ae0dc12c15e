/** Playbooks against the virtual machine. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { collections } from '../../build/paths.ts'
import { quietEnvironment } from '../support/ansible.ts'
import { readRows, recordingEnvironment, type TaskRow } from '../support/task-rows.ts'
import type { Machine } from './machine.ts'

/** Runs a playbook on the machine, under the name `zfs`, and gives what each task said. Failed tasks are rows too. */
export async function play(
  machine: Machine,
  playbook: readonly object[],
  { vars = {}, program = 'ansible-playbook' }: { vars?: Record<string, unknown>; program?: string } = {},
): Promise<TaskRow[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'zfs-play-'))
  const [file, inventory, rows] = ['play.yml', 'hosts.yml', 'rows'].map(name => join(scratch, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(file, stringify(playbook))
  writeFileSync(inventory, stringify({ all: { hosts: { zfs: { ...machine.inventoryVars, ...vars } } } }))
  try {
    const said = await promisify(execFile)(program, ['-i', inventory, file], {
      maxBuffer: 2 ** 28,
      env: {
        ...process.env,
        ...quietEnvironment(),
        ANSIBLE_COLLECTIONS_PATH: [collections, process.env.ANSIBLE_COLLECTIONS_PATH].filter(Boolean).join(':'),
        ...recordingEnvironment(rows),
      },
    }).catch((error: { stdout: string; stderr: string }) => error)
    const found = readRows(rows)
    if (found.length === 0) throw new Error(`Ansible ran no task: ${said.stdout}${said.stderr}`)
    return found
  } finally {
    rmSync(scratch, { recursive: true })
  }
}
