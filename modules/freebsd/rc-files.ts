/** The files of rc.conf(5), read as text and never evaluated (fact host-1), without a process. */
import type { Probe } from '../core/host.ts'
import { RC_CONF } from './rc-conf.ts'

/** Those for every service, in the order in which they are read (rc.subr(8)); a later one counts more. */
const RC_FILES = ['/etc/defaults/rc.conf', '/etc/rc.conf', '/etc/rc.conf.local']

/** What is set, by name; with `service`, as its own script sees it. What only sh(1) could tell of is missing. */
export async function readRcFiles(machine: Probe, service?: string): Promise<Map<string, string>> {
  const files = [...RC_FILES, ...(service === undefined ? [] : [`/etc/rc.conf.d/${service}`])]
  const texts = await Promise.all(files.map(path => machine.read(path)))
  const settings = new Map<string, string>()
  for (const statement of texts.flatMap(text => RC_CONF.parse(text ?? ''))) {
    if (statement.kind === 'setting') settings.set(statement.name, statement.value)
    if (statement.kind === 'strange') for (const name of statement.names) settings.delete(name)
  }
  return settings
}
