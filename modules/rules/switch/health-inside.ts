/**
 * The same questions, asked from inside the instance: of one that is brought up where its network leads nowhere. Whatever is
 * asked at its own address, or by a name that stands for it, is asked at its own address; the rest is left out, and named.
 */
import { isIP } from 'node:net'
import { addressesIn } from '../../freebsd/ifconfig.ts'
import { firstAddress } from './health.ts'
import type { Health, HttpCheck, TcpCheck } from './requests.ts'

export interface Inside {
  readonly health: Health
  /** What cannot be asked from there. */
  readonly leftOut: readonly string[]
}

export function fromInside(health: Health, conf: string): Inside {
  const own = new Set([...addressesIn(conf), firstAddress(conf) ?? []].flat())
  const leftOut: string[] = []
  const isOwn = (address: string) => own.has(address) || /^(127\.|::1$)/.test(address)
  const tcp = health.tcp.filter(({ address, port }: TcpCheck) => {
    const isAsked = address === undefined || isOwn(address)
    if (!isAsked) leftOut.push(`port ${port} at ${address}`)
    return isAsked
  })
  const http = health.http.flatMap((question): HttpCheck[] => {
    if (question.url === undefined) return [question]
    const { protocol, hostname, host, port, pathname, search } = new URL(question.url)
    const address = hostname.replace(/^\[(.*)\]$/, '$1')
    if (protocol !== 'http:' || (isIP(address) !== 0 && !isOwn(address))) {
      leftOut.push(question.url)
      return []
    }
    if (isIP(address) !== 0) return [question]
    const path = `${pathname}${search}`
    return [{ ...question, url: undefined, port: Number(port || 80), path, host: question.host ?? host }]
  })
  return { health: { ...health, tcp, http }, leftOut }
}
