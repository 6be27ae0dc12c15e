/** Command lines for a machine that is reached by ssh. */
import { type ChildProcess, spawn } from 'node:child_process'

export interface Answer {
  /** 255 also where the connection broke. */
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly ended: Promise<Answer>
  /** Ends our side of the connection; what runs there has to notice by itself. */
  cutOff(): void
}

/** ssh(1) puts its words together and gives them to the login's shell. */
export const shellWords = (command: readonly string[]): string =>
  command.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')

export function startCommand(command: readonly string[], input: string | Buffer = '', seconds = 600): Running {
  const [program = '', ...words] = command
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)]
  const ended = new Promise<Answer>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => {
      clearTimeout(timer)
      resolve({ exit: code ?? 255, stdout: stdout(), stderr: stderr() })
    })
  })
  return { ended, cutOff: () => child.kill('SIGKILL') }
}

function textOf(stream: ChildProcess['stdout']): () => string {
  const pieces: Buffer[] = []
  stream?.on('data', piece => pieces.push(piece))
  return () => Buffer.concat(pieces).toString()
}
