/** Files of settings as they are, with what their writing needs to know of them. */
import type { Probe } from '../../core/host.ts'
import type { ConfFile } from './files.ts'

export async function readConfFile(path: string, machine: Probe): Promise<ConfFile> {
  const status = await machine.status(path)
  if (status === undefined) return { path, text: undefined }
  const isReadable = status.type === 'file' || status.type === 'link'
  return { path, type: status.type, text: isReadable ? await machine.read(path) : undefined }
}
