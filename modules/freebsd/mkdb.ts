/** pwd_mkdb(8), cap_mkdb(1), services_mkdb(8): databases made of text files (fact host-5). */
import { type RunStep, run } from '../core/step.ts'

export type DatabaseProgram = 'pwd_mkdb' | 'cap_mkdb' | 'services_mkdb'

/** `file` and `directory` are the operator's down to where nothing may be a link; what is made is put into `directory`. */
export function makeDatabase(program: DatabaseProgram, file: string, directory: string): RunStep {
  switch (program) {
    case 'pwd_mkdb':
      // `-p`: passwd too.
      return run('pwd_mkdb', '-p', '-d', directory, file)
    case 'cap_mkdb':
      return run('cap_mkdb', '-f', `${directory}/login.conf`, file)
    case 'services_mkdb':
      return run('services_mkdb', '-q', '-o', `${directory}/services.db`, file)
  }
}
