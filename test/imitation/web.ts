/**
 * The network as an imitated machine sees it: sites a test gives it, and servers that really listen on this machine's
 * loopback. Nothing else is ever connected to.
 */
import { get as httpGet } from 'node:http'
import type { Machine } from './machine.ts'
import { FileError } from './memory-node.ts'

export interface WebAnswer {
  readonly status: number
  readonly content: Buffer
  /** As the server claims it: more than there is where a transfer breaks off. */
  readonly size?: number
  /** Last-Modified, in seconds since 1970. */
  readonly modified?: number
}

export type Site = (path: string) => WebAnswer

/** What libfetch(3) says where there is no errno: lib/libfetch/common.c, netdb_errlist; http.errors. */
export class TransferError extends Error {}

const sites = new WeakMap<Machine, Map<string, Site>>()

/** From now on the machine finds this site at an origin like `http://mirror.example.test`. */
export function publish(machine: Machine, origin: string, site: Site): void {
  const known = sites.get(machine) ?? new Map<string, Site>()
  sites.set(machine, known.set(new URL(origin).origin, site))
}

/** A site of these files: path to content. */
export const siteOf =
  (files: Readonly<Record<string, Buffer | string>>, modified = 1_700_000_000): Site =>
  path => {
    const content = files[path]
    return content === undefined
      ? { status: 404, content: Buffer.from('not found\n') }
      : { status: 200, content: Buffer.from(content), modified }
  }

const MOST_REDIRECTIONS = 20
const PATIENCE_MILLISECONDS = 10_000

/** Throws `TransferError`, or an error with an errno's name. At once where the site is a test's. */
export function get(machine: Machine, url: URL): WebAnswer | Promise<WebAnswer> {
  const site = sites.get(machine)?.get(url.origin)
  if (site !== undefined) return site(decodeURIComponent(url.pathname))
  const isLoopback = /^127(\.\d+){3}$/.test(url.hostname) || ['localhost', '[::1]'].includes(url.hostname)
  if (!isLoopback) {
    if (/^[\d.]+$|^\[/.test(url.hostname)) throw new FileError('ECONNREFUSED', url.host)
    throw new TransferError('No address record')
  }
  if (url.protocol !== 'http:') throw new TransferError('Authentication error')
  return download(url, MOST_REDIRECTIONS)
}

function download(url: URL, redirections: number): Promise<WebAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpGet(url, { agent: false, timeout: PATIENCE_MILLISECONDS }, response => {
      const { statusCode: status = 0, headers } = response
      const pieces: Buffer[] = []
      const finish = () => {
        if (status >= 300 && status < 400 && headers.location !== undefined && redirections > 0)
          return resolve(download(new URL(headers.location, url), redirections - 1))
        resolve({
          status,
          content: Buffer.concat(pieces),
          ...(headers['content-length'] && { size: Number(headers['content-length']) }),
          ...(headers['last-modified'] && { modified: Math.floor(Date.parse(headers['last-modified']) / 1000) }),
        })
      }
      response.on('data', piece => pieces.push(piece))
      // Also where the server hangs up in the middle.
      response.once('close', finish)
      response.on('error', () => {})
    })
    request.once('timeout', () => request.destroy(new FileError('ETIMEDOUT', url.host)))
    request.once('error', error => reject('code' in error ? error : new TransferError('Unknown resolver error')))
  })
}
