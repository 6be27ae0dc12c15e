/**
 * nc(1) in a running jail: asks servers there without the host's network being in it. It is the blueprint's program, and what it
 * says the customer's word. Not `-N`: a server may take the end of the question for a client that is gone.
 */
import { CommandFailed } from '../core/errors.ts'
import type { Probe, Reply } from '../core/host.ts'
import type { Command } from '../core/step.ts'

/** For longer than it waits itself. */
const GRACE_SECONDS = 5

/** As `contact`, but from inside that jail. Of `https` nothing can be asked so. */
export const contactInside =
  (machine: Pick<Probe, 'query'>, jail: string): Probe['contact'] =>
  async (to, seconds) => {
    if (to.kind === 'tcp') return told(await ask(machine, jail, ['-z'], to.address, to.port, seconds, ''))
    const { protocol, hostname, port, pathname, search } = new URL(to.url)
    if (protocol !== 'http:') return { problem: `${protocol} cannot be asked from inside` }
    const address = hostname.replace(/^\[(.*)\]$/, '$1')
    const question = `GET ${pathname}${search} HTTP/1.0\r\nHost: ${to.host ?? new URL(to.url).host}\r\nConnection: close\r\n\r\n`
    const answer = await ask(machine, jail, [], address, Number(port || 80), seconds, question)
    return 'problem' in answer ? answer : parseReply(answer.stdout)
  }

type Said = { readonly problem: string } | { readonly stdout: string }

const told = (said: Said): Reply => ('problem' in said ? said : {})

async function ask(
  machine: Pick<Probe, 'query'>,
  jail: string,
  flags: readonly string[],
  address: string,
  port: number,
  seconds: number,
  input: string,
): Promise<Said> {
  const command: Command = ['jexec', jail, 'nc', '-n', ...flags, '-w', String(seconds), address, String(port)]
  try {
    const { stdout } = await machine.query(command, { input, timeoutSeconds: seconds + GRACE_SECONDS })
    return { stdout }
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    return { problem: error.answer?.stderr.trim().split('\n').at(-1) || 'no connection' }
  }
}

/** A status line, headers, an empty line, and the rest. */
export function parseReply(text: string): Reply {
  const [, status] = /^HTTP\/1\.[01] (\d{3})\b/.exec(text) ?? []
  if (status === undefined) return { problem: 'what answers is no web server' }
  const end = text.indexOf('\r\n\r\n')
  return { status: Number(status), text: end < 0 ? '' : text.slice(end + 4) }
}
