/** What Ansible makes of variables of a playbook or a role, by evaluating them on the controller alone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { root } from '../../build/paths.ts'
import { ansible, type Core } from './ansible.ts'

export interface Variables {
  /** As an inventory says them. */
  readonly inventory: Readonly<Record<string, unknown>>
  /** Files of variables of this repository, later ones over earlier ones. */
  readonly files?: readonly string[]
  /** Over these. */
  readonly vars?: Readonly<Record<string, unknown>>
}

/** The values of `names`, by name. */
export async function evaluated(core: Core, names: readonly string[], { inventory, files = [], vars = {} }: Variables) {
  const scratch = mkdtempSync(join(tmpdir(), 'variables-'))
  try {
    const [hosts, play] = ['hosts.json', 'play.json'].map(file => join(scratch, file)) as [string, string]
    const local = { ansible_connection: 'local', ...inventory }
    writeFileSync(hosts, JSON.stringify({ all: { hosts: { here: local } } }))
    const told = Object.fromEntries(names.map(name => [name, `{{ ${name} }}`]))
    const task = { 'ansible.builtin.set_fact': { told }, vars }
    const all = { hosts: 'here', gather_facts: false, vars_files: files.map(file => join(root, file)) }
    writeFileSync(play, JSON.stringify([{ ...all, tasks: [task] }]))
    const ran = await ansible('ansible-playbook', ['-i', hosts, play], { core })
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    const facts = ran.rows[0]?.result.ansible_facts as { told: Record<string, unknown> } | undefined
    return facts?.told
  } finally {
    rmSync(scratch, { recursive: true })
  }
}
