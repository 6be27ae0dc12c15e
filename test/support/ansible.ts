/** Runs Ansible's programs of one release, and gives what each task said on each host as data. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collections, root } from '../../build/paths.ts'
import { readRows, recordingEnvironment, type TaskRow } from './task-rows.ts'

export type { TaskRow } from './task-rows.ts'

/** The oldest supported release of ansible-core, and a recent one. */
export const cores = ['2.16', '2.19'] as const
export type Core = (typeof cores)[number]

export interface Ran {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
  readonly rows: readonly TaskRow[]
}

export interface AnsibleOptions {
  readonly core?: Core
  readonly directory?: string
  /** In place of the built collection: what ANSIBLE_COLLECTIONS_PATH names. */
  readonly collections?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** `ansible('ansible-playbook', ['-i', …], { core: '2.16' })` */
export async function ansible(program: string, args: readonly string[], options: AnsibleOptions = {}): Promise<Ran> {
  const { core = '2.19', directory = root, environment } = options
  const scratch = mkdtempSync(join(tmpdir(), 'ansible-'))
  const rowsFile = join(scratch, 'rows')
  try {
    const ran = await run(join(root, '.venv', `ansible-${core}`, 'bin', program), args, directory, {
      ...quietEnvironment(options.collections ?? collections),
      ...recordingEnvironment(rowsFile),
      PATH: `${join(root, '.venv', `ansible-${core}`, 'bin')}:${process.env.PATH}`,
      ...environment,
    })
    return { ...ran, rows: readRows(rowsFile) }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** Nothing of a person's own Ansible set-up counts. */
export function quietEnvironment(collectionsPath = collections): Record<string, string> {
  return {
    ANSIBLE_CONFIG: join(root, 'test/support/ansible.cfg'),
    ANSIBLE_COLLECTIONS_PATH: collectionsPath,
    PYTHONDONTWRITEBYTECODE: '1',
    LC_ALL: 'C.UTF-8',
  }
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  environment: Record<string, string>,
): Promise<Omit<Ran, 'rows'>> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ANSIBLE_')))
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...env, ...environment }, maxBuffer: 64 * 1024 * 1024 }
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve({ exit: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}
