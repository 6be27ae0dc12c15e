/** One run of playbooks/site.yml on the example inventory, shown as it goes. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../build/paths.ts'
import { quietEnvironment } from '../support/ansible.ts'
import { readRows, recordingEnvironment, type TaskRow } from '../support/task-rows.ts'
import { colourful, dim } from './style.ts'

export interface Run {
  readonly command: string
  readonly exit: number
  readonly rows: readonly TaskRow[]
  readonly milliseconds: number
}

export async function runSite(addresses: string, ...flags: string[]): Promise<Run> {
  const args = ['-i', 'playbooks/inventory', '-i', addresses, 'playbooks/site.yml', ...flags]
  const command = ['ansible-playbook', '-i', 'playbooks/inventory', 'playbooks/site.yml', ...flags].join(' ')
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
        ...(colourful ? { ANSIBLE_FORCE_COLOR: '1' } : { ANSIBLE_NOCOLOR: '1' }),
      }
      const child = spawn('ansible-playbook', args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })
      child.on('error', reject)
      child.on('close', code => resolve(code ?? 1))
    })
    return { command, exit, rows: readRows(rowsFile), milliseconds: Date.now() - began }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}
