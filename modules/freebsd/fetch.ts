/** fetch(1): files from a mirror. Source of what it prints and when it fails: usr.bin/fetch/fetch.c. */
import { dirname } from 'node:path'
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command, RunStep } from '../core/step.ts'

const FETCH_SECONDS = 3600

/**
 * Puts what the first URL that answers serves at `path`, whose directory exists; the URLs end in its name. Several URLs need
 * a directory as `-o`, and `-1` to stop at the first success. A transfer that was cut short counts as failed and goes on
 * with the next.
 */
export function fetchFile(path: string, urls: readonly string[]): RunStep {
  const command: Command =
    urls.length === 1 ? ['fetch', '-q', '-o', path, ...urls] : ['fetch', '-q', '-1', '-o', dirname(path), ...urls]
  return {
    kind: 'run',
    command,
    timeoutSeconds: FETCH_SECONDS,
    objections: [
      {
        said: /appears to be truncated|may be truncated|size mismatch/,
        means: 'A mirror broke off in the middle of the file. Run this again, or name another mirror.',
        unlessSuccessful: true,
      },
    ],
  }
}

export type Fetched = { readonly url: string; readonly text: string } | { readonly problem: string }

/** A small text from the first URL that serves it, or why none did. */
export async function fetchText(machine: Probe, urls: readonly string[]): Promise<Fetched> {
  return firstOf(urls, async url => {
    const { exit, stdout, stderr } = await machine.query(['fetch', '-q', '-o', '-', url], { exits: [0, 1] })
    return exit === 0 ? { url, text: stdout } : { problem: stderr.trim() }
  })
}

export type Size = { readonly url: string; readonly bytes: number | undefined } | { readonly problem: string }

/** How large a file is, from the first URL that knows of it; a server may not tell. */
export async function remoteSize(machine: Probe, urls: readonly string[]): Promise<Size> {
  return firstOf(urls, async url => {
    const command: Command = ['fetch', '-s', url]
    const { exit, stdout, stderr } = await machine.query(command, { exits: [0, 1] })
    if (exit !== 0) return { problem: `${url}: ${stderr.trim()}` }
    if (stdout.trim() === 'Unknown') return { url, bytes: undefined }
    if (!/^\d+\n$/.test(stdout)) throw new UnexpectedOutput(command, stdout)
    return { url, bytes: Number(stdout) }
  })
}

async function firstOf<T extends object>(
  urls: readonly string[],
  ask: (url: string) => Promise<T | { readonly problem: string }>,
): Promise<T | { readonly problem: string }> {
  const problems: string[] = []
  for (const url of urls) {
    const found = await ask(url)
    if (!('problem' in found)) return found
    problems.push(found.problem)
  }
  return { problem: problems.join('; ') }
}
