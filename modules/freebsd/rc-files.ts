/** The files of rc.conf(5) that hold for every service, read as text and never evaluated (fact host-1), without a process. */
import type { Probe } from '../core/host.ts'
import { RC_CONF } from './rc-conf.ts'

/** In the order in which they are read; a later one counts more. */
const RC_FILES = ['/etc/defaults/rc.conf', '/etc/rc.conf', '/etc/rc.conf.local']

/** What is set, by name. What a line sets in a way that only sh(1) could tell is missing. */
export async function readRcFiles(machine: Probe): Promise<Map<string, string>> {
  const texts = await Promise.all(RC_FILES.map(path => machine.read(path)))
  const settings = new Map<string, string>()
  for (const statement of texts.flatMap(text => RC_CONF.parse(text ?? ''))) {
    if (statement.kind === 'setting') settings.set(statement.name, statement.value)
    if (statement.kind === 'strange') for (const name of statement.names) settings.delete(name)
  }
  return settings
}
