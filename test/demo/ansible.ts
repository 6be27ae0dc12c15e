/** One command of Ansible on the demo's hosts, shown as it goes. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../build/paths.ts'
import { quietEnvironment } from '../support/ansible.ts'
import { readRows, recordingEnvironment, type TaskRow } from '../support/task-rows.ts'
import { CACHE, HOSTS, INSTANCES } from './inventory.ts'
import { colourful, dim } from './style.ts'

export interface Run {
  readonly command: string
  readonly exit: number
  readonly rows: readonly TaskRow[]
  readonly milliseconds: number
}

export const runPlaybook = (name: string, ...flags: string[]) =>
  show('ansible-playbook', HOSTS, `playbooks/${name}.yml`, ...flags)

/** In instances: `ansible PATTERN -m raw -a COMMAND`. */
export const runInside = (pattern: string, command: string) =>
  show('ansible', INSTANCES, pattern, '-m', 'raw', '-a', command)

async function show(program: string, inventory: string, ...args: string[]): Promise<Run> {
  const command = [program, '-i', 'INVENTORY', ...args].map(quoted).join(' ')
  console.log(dim(`   ${command}`))

  const scratch = mkdtempSync(join(tmpdir(), 'demo-'))
  const rowsFile = join(scratch, 'rows')
  const began = Date.now()
  try {
    const exit = await new Promise<number>((resolve, reject) => {
      const env = {
        ...process.env,
        ...quietEnvironment(),
        ...recordingEnvironment(rowsFile),
        XDG_CACHE_HOME: CACHE,
        ...(colourful ? { ANSIBLE_FORCE_COLOR: '1' } : { ANSIBLE_NOCOLOR: '1' }),
      }
      const child = spawn(program, ['-i', inventory, ...args], {
        cwd: root,
        env,
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      child.on('error', reject)
      child.on('close', code => resolve(code ?? 1))
    })
    return { command, exit, rows: readRows(rowsFile), milliseconds: Date.now() - began }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)
