/** What a FreeBSD 14.2 host said to zfs(8), and a machine that says what a test wants. */
import { readFileSync } from 'node:fs'
import { CommandFailed } from '../../modules/core/errors.ts'
import type { Answer, Probe } from '../../modules/core/host.ts'
import { type Command, describeCommand } from '../../modules/core/step.ts'

interface Line {
  readonly cmd?: string
  readonly exit: number
  readonly stdout: string
  readonly stderr?: string
}

export const transcript: readonly Line[] = readFileSync(
  new URL('../transcripts/freebsd-14.2/01-zfs.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map(line => JSON.parse(line))

/** What the command that begins so said, the first time. */
export function said(command: string): Answer {
  const line = transcript.find(({ cmd }) => cmd?.startsWith(command))
  if (line === undefined) throw new Error(`no line of the transcript begins with '${command}'`)
  return { exit: line.exit, stdout: line.stdout, stderr: line.stderr ?? '' }
}

/** Every line whose command looks so, for parsers that must read them all. */
export const linesLike = (pattern: RegExp) => transcript.filter(({ cmd }) => cmd !== undefined && pattern.test(cmd))

export interface Talk extends Probe {
  readonly asked: string[]
}

export function machineThatSays(answer: (command: Command, words: string) => Partial<Answer>): Talk {
  const asked: string[] = []
  return {
    asked,
    async query(command, { exits = [0] } = {}) {
      const words = describeCommand(command)
      asked.push(words)
      const full = { exit: 0, stdout: '', stderr: '', ...answer(command, words) }
      if (!exits.includes(full.exit)) throw CommandFailed.exited(command, full)
      return full
    },
    read: async () => undefined,
    bytes: async () => undefined,
    digest: async () => undefined,
    contact: async () => ({}),
    list: async () => undefined,
    status: async () => undefined,
  }
}
