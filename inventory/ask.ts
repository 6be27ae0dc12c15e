/** Runs the play of play.ts and reads what it said for each host. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../modules/core/errors.ts'
import { PLAY, type Told } from './play.ts'

/** Set while we ask: the inventory that is read then may have this program in it. */
export const ASKING = 'BLUEJAIL_INVENTORY_ASKING'

/** What a host said, or why there is no answer. */
export type Answers = ReadonlyMap<string, Told | { readonly problem: string }>

const ENVIRONMENT = {
  [ASKING]: '1',
  ANSIBLE_STDOUT_CALLBACK: 'ansible.builtin.minimal',
  ANSIBLE_CALLBACK_RESULT_FORMAT: 'json',
  // In place of what else a person has enabled, which is for runs of his own.
  ANSIBLE_CALLBACKS_ENABLED: 'ansible.builtin.minimal',
  ANSIBLE_NOCOLOR: '1',
  ANSIBLE_RETRY_FILES_ENABLED: '0',
}

export async function ask(inventories: readonly string[]): Promise<Answers> {
  const scratch = mkdtempSync(join(tmpdir(), 'bluejail-'))
  try {
    const play = join(scratch, 'instances.yml')
    writeFileSync(play, JSON.stringify(PLAY))
    const { exit, stdout, stderr } = await ansiblePlaybook([...inventories.flatMap(path => ['-i', path]), play])
    const answers = parseAnswers(stdout)
    if (exit !== 0 && answers.size === 0)
      throw new Failure(
        `ansible-playbook ended with status ${exit} and said nothing of any host of ${inventories.join(', ')}: ${(stderr || stdout).trim()}`,
      )
    return answers
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** `NAME | SUCCESS => {`, lines of JSON, `}`: ansible-core, lib/ansible/plugins/callback/minimal.py. */
export function parseAnswers(stdout: string): Answers {
  const answers = new Map<string, Told | { problem: string }>()
  for (const [, name = '', outcome, body = ''] of stdout.matchAll(
    /^(\S+) \| (SUCCESS|FAILED!|UNREACHABLE!) => (\{$[\s\S]*?^\})$/gm,
  )) {
    const { msg } = JSON.parse(body) as { msg?: unknown }
    // Those of `raw` are in what the last task says.
    if (typeof msg !== 'string') continue
    answers.set(name, outcome === 'SUCCESS' ? (JSON.parse(msg) as Told) : { problem: msg })
  }
  return answers
}

function ansiblePlaybook(args: readonly string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  const { ANSIBLE_FORCE_COLOR: _, ...environment } = process.env
  return new Promise((resolve, reject) => {
    const options = { env: { ...environment, ...ENVIRONMENT }, maxBuffer: 1 << 30 }
    const running = execFile('ansible-playbook', args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ exit: 0, stdout, stderr })
      else if (typeof error.code === 'number') resolve({ exit: error.code, stdout, stderr })
      else if (error.code === 'ENOENT')
        reject(new Failure("'ansible-playbook' was not found. Put it in PATH: the hosts are asked through it."))
      else reject(new Failure(`ansible-playbook: ${error.message}`))
    })
    running.stdin?.end()
  })
}
