/** Asking servers from this host, once each. Neither `fetch`, which takes tens of milliseconds to be loaded, nor redirects. */
import { request as askPlainly, type IncomingMessage } from 'node:http'
import { request as askSecurely } from 'node:https'
import { connect } from 'node:net'
import type { Contact, Reply } from './host.ts'

/** More of an answer than this is not read. */
const MOST_BYTES = 1 << 20

export const contact = (to: Contact, timeoutSeconds: number): Promise<Reply> =>
  to.kind === 'tcp' ? knock(to.address, to.port, timeoutSeconds) : ask(to.url, to.host, timeoutSeconds)

const late = (seconds: number): Reply => ({ problem: `no answer within ${seconds} s` })

const knock = (host: string, port: number, seconds: number) =>
  new Promise<Reply>(resolve => {
    const socket = connect({ host, port })
    const end = (reply: Reply) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(reply)
    }
    const timer = setTimeout(() => end(late(seconds)), seconds * 1000)
    socket.once('connect', () => end({})).once('error', error => end({ problem: reasonOf(error) }))
  })

const ask = (url: string, host: string | undefined, seconds: number) =>
  new Promise<Reply>(resolve => {
    const start = url.startsWith('https:') ? askSecurely : askPlainly
    const asked = start(url, { agent: false, ...(host === undefined ? {} : { headers: { host } }) })
    const end = (reply: Reply) => {
      clearTimeout(timer)
      asked.destroy()
      resolve(reply)
    }
    const timer = setTimeout(() => end(late(seconds)), seconds * 1000)
    asked
      .on('response', answer => readAll(answer, text => end({ status: answer.statusCode ?? 0, text })))
      // A server that hangs up after its answer is no failure: the first end counts.
      .on('error', error => end({ problem: reasonOf(error) }))
      .end()
  })

function readAll(answer: IncomingMessage, told: (text: string) => void): void {
  let text = ''
  answer
    .setEncoding('utf8')
    .on('data', (piece: string) => {
      text += piece
      if (text.length > MOST_BYTES) told(text)
    })
    .on('end', () => told(text))
}

/** A name that stands for several addresses fails with one error for all, without words of its own. */
const reasonOf = (error: Error & { code?: string }) => error.message || (error.code ?? 'no connection')
