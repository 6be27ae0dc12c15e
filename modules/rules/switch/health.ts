/** Whether an instance is well after its start: its jail runs, its commands succeed, its ports and web servers answer. */
import type { Contact, Probe, Reply } from '../../core/host.ts'
import { type Command, describeCommand } from '../../core/step.ts'
import { addressesIn } from '../../freebsd/ifconfig.ts'
import { settingsIn } from '../../freebsd/jail-conf-read.ts'
import { problemInside } from '../../freebsd/jexec.ts'
import type { Health, HttpCheck } from './requests.ts'

/** What is not well, in words; undefined where all is. In order, up to the first. */
export async function ailmentOf(
  id: string,
  health: Health,
  conf: string,
  machine: Pick<Probe, 'query' | 'contact'>,
): Promise<string | undefined> {
  const seconds = Math.min(health.answerSeconds, health.deadlineSeconds)
  for (const words of health.commands) {
    const problem = await problemInside(machine, id, words, seconds)
    if (problem !== undefined) return `${describeCommand(words as unknown as Command)}: ${problem}`
  }
  const address = firstAddress(conf)
  for (const { port, address: own } of health.tcp) {
    const to: Contact = { kind: 'tcp', address: own ?? address ?? '', port }
    const { problem } = await machine.contact(to, seconds)
    if (problem !== undefined) return `port ${port} at ${to.address}: ${problem}`
  }
  for (const check of health.http) {
    const url = urlOf(check, address ?? '')
    const to: Contact = { kind: 'http', url, ...(check.host === undefined ? {} : { host: check.host }) }
    const problem = problemOf(check, await machine.contact(to, seconds))
    if (problem !== undefined) return `${url}: ${problem}`
  }
  return undefined
}

function problemOf({ status, text }: HttpCheck, reply: Reply): string | undefined {
  if (reply.problem !== undefined) return reply.problem
  if (reply.status !== status) return `answers with status ${reply.status}, and not ${status}`
  return text === undefined || reply.text?.includes(text)
    ? undefined
    : `its answer does not contain ${JSON.stringify(text)}`
}

const urlOf = ({ url, port, path }: HttpCheck, address: string) =>
  url ?? `http://${address.includes(':') ? `[${address}]` : address}:${port}${path}`

/** Of its own interfaces, or of those it shares with the host. */
export function firstAddress(conf: string): string | undefined {
  const shared = (settingsIn(conf) ?? []).filter(([name]) => name === 'ip4.addr' || name === 'ip6.addr')
  const [given] = shared.flatMap(([, value]) => (value === true ? [] : [value].flat()))
  return addressesIn(conf)[0] ?? given?.split('|').at(-1)?.split('/')[0]
}

/** Checks that ask at the instance's own address need one. */
export const needsAddress = ({ tcp, http }: Health) =>
  tcp.some(({ address }) => address === undefined) || http.some(({ url }) => url === undefined)
