/** The programs of hosts: `programs/NAME.ts` each, carried and installed by the module whose definition names it. */

import { programFile } from '../modules/core/launch.ts'
import { packedCode } from './bundle.ts'
import { loadModules } from './modules.ts'

/** The very file that the module writes to /usr/local/libexec/bluejail/NAME. */
export async function buildProgram(name: string): Promise<string> {
  const carrier = (await loadModules()).find(({ program }) => program === name)
  if (carrier === undefined) throw new Error(`no module's definition says program: '${name}'`)
  return programFile((await packedCode(carrier.name, name)).packed, name)
}
