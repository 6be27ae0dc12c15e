/** Replication as a host does it by itself: /usr/local/libexec/bluejail/replicate. */
import { setTimeout as after } from 'node:timers/promises'
import { Refused } from '../modules/core/errors.ts'
import { defineProgram, type ExitStatus, type Surroundings, WrongUsage } from '../modules/core/host-program.ts'
import { inPlace, readInput, type Transfer, transferHere } from '../modules/core/streams.ts'
import { readHead } from '../modules/freebsd/zfs-stream.ts'
import { PROGRAM } from '../modules/rules/replica/names.ts'
import { forget } from './replicate/forget.ts'
import { overJobs } from './replicate/over-jobs.ts'
import { checkStream, type Grant, served, takesStream } from './replicate/serve.ts'
import { readWords, USAGE } from './replicate/words.ts'

/** What of a machine tests replace. */
export interface Ways {
  readonly transfer: Transfer
  readonly pause: (seconds: number) => Promise<void>
}

const HERE: Ways = { transfer: transferHere, pause: seconds => after(seconds * 1000) }

export const replicate = (ways: Ways) =>
  defineProgram({
    name: PROGRAM,
    summary: 'Copies of dataset trees, here or on another host, are kept up to date',
    usage: USAGE,
    async main(around) {
      const [verb, ...words] = around.args
      if (verb === 'serve') return serve(words, around)
      if (verb === 'forget') return forget(readWords(words), around)
      if (verb !== 'run' && verb !== 'plan' && verb !== 'status')
        throw new WrongUsage(verb === undefined ? 'say what to do' : `'${verb}' is no command`)
      return overJobs(verb, readWords(words), around, ways)
    },
  })

export default replicate(HERE)

async function serve(
  [flag, dataset, ...more]: readonly string[],
  { host, complain }: Surroundings,
): Promise<ExitStatus> {
  if (dataset === undefined || more.length > 0 || (flag !== '--target' && flag !== '--source'))
    throw new WrongUsage('serve takes --target DATASET or --source DATASET')
  const grant: Grant = { dataset, role: flag === '--target' ? 'target' : 'source' }
  const line = process.env.SSH_ORIGINAL_COMMAND
  if (line === undefined) throw new Refused('this key is for replication alone: there is no shell.')
  const command = await served(line, grant, host)
  const head = takesStream(command) ? await readHead(readInput) : undefined
  if (head !== undefined) checkStream(head, command)
  const status = await inPlace(command, head?.bytes)
  if (status > 2) complain(`${PROGRAM}: '${command.slice(0, 2).join(' ')}' ended with ${status}`)
  return status as ExitStatus
}
