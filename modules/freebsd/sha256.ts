/** sha256(1): a file's digest, computed by the base system. Source: sbin/md5/md5.c. */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command, RunStep } from '../core/step.ts'

/** Digests of these files, which exist, in one process. */
export async function readSha256(machine: Probe, paths: readonly string[]): Promise<Map<string, string>> {
  if (paths.length === 0) return new Map()
  const command: Command = ['sha256', '-q', ...paths]
  const { stdout } = await machine.query(command)
  const digests = stdout.split('\n').slice(0, -1)
  if (digests.length !== paths.length || !digests.every(line => /^[0-9a-f]{64}$/.test(line)))
    throw new UnexpectedOutput(command, stdout)
  return new Map(paths.map((path, index) => [path, digests[index] ?? '']))
}

/** Fails where the file is not what it should be. */
export const checkSha256 = (path: string, digest: string, means: string): RunStep => ({
  kind: 'run',
  command: ['sha256', '-c', digest, path],
  objections: [{ said: /\[ Failed \]$/, means }],
})
