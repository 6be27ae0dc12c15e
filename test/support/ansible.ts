/** Runs Ansible's programs of one release, and gives what each task said on each host as data. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collections, root } from '../../build/paths.ts'

/** The oldest supported release of ansible-core, and a recent one. */
export const cores = ['2.16', '2.19'] as const
export type Core = (typeof cores)[number]

export interface TaskRow {
  readonly task: string
  readonly host: string
  readonly status: 'ok' | 'failed' | 'skipped' | 'unreachable'
  readonly result: {
    readonly changed?: boolean
    readonly msg?: string
    readonly steps?: readonly string[]
    readonly warnings?: readonly string[]
    readonly [key: string]: unknown
  }
}

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
      ANSIBLE_CALLBACK_PLUGINS: join(root, 'test/support/callback_plugins'),
      ANSIBLE_CALLBACKS_ENABLED: 'task_rows',
      ANSIBLE_LOAD_CALLBACK_PLUGINS: '1',
      TASK_ROWS: rowsFile,
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

function readRows(file: string): TaskRow[] {
  try {
    return readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
  } catch (error) {
    // Ansible's other programs, and runs that end before the first task, write none.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
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
