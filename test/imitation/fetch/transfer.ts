/** libfetch(3): a document by its URL, from a file or a server. */
import { strerror } from '../errno.ts'
import type { Machine } from '../machine.ts'
import { get, TransferError } from '../web.ts'

export interface Document {
  readonly content: Buffer
  /** As announced; undefined where it was not. */
  readonly size: number | undefined
  /** Seconds since 1970; 0 where unknown. */
  readonly modified: number
}

/** lib/libfetch/http.errors. */
const HTTP_ERRORS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Time-out',
  410: 'Gone',
  416: 'Requested Range Not Satisfiable',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Time-out',
}

/** The document, or the reason there is none (fetchLastErrString). At once where nothing has to be waited for. */
export function retrieve(machine: Machine, address: string): Document | string | Promise<Document | string> {
  const path = /^(?:file:\/\/(?:localhost)?)?(\/.*)$/.exec(address)?.[1]
  if (path !== undefined) return ofFile(machine, decodeURIComponent(path))
  try {
    const answer = get(machine, new URL(address))
    return answer instanceof Promise ? answer.then(ofWeb, reason) : ofWeb(answer)
  } catch (error) {
    return reason(error)
  }
}

function ofFile(machine: Machine, path: string): Document | string {
  const real = machine.tree.realpath(path)
  const status = real === undefined ? undefined : machine.tree.files.status(real)
  if (status === undefined) return 'No such file or directory'
  const content = machine.tree.files.bytes(path)
  if (content === undefined) return 'Is a directory'
  return { content, size: content.length, modified: status.modified }
}

function ofWeb({ status, content, size, modified }: Awaited<ReturnType<typeof get>>): Document | string {
  if (status !== 200) return HTTP_ERRORS[status] ?? 'Protocol error'
  return { content, size: size ?? content.length, modified: modified ?? 0 }
}

const reason = (error: unknown): string => (error instanceof TransferError ? error.message : strerror(error))

export const isUrl = (address: string) => /^(file:\/\/|https?:\/\/[^/]+|\/)/.test(address)
