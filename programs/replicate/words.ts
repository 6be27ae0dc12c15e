/** The command line. */
import { WrongUsage } from '../../modules/core/host-program.ts'
import { PROGRAM, SETTINGS_FILE } from '../../modules/rules/replica/names.ts'

export const USAGE = `usage: ${PROGRAM} run|plan|status [--json] [--quiet] [--snapshot] [--config FILE] [REPLICA ...]
       ${PROGRAM} forget REPLICA ...
       ${PROGRAM} serve --target DATASET | --source DATASET

run     brings copies up to date; all that ${SETTINGS_FILE} names, or these
plan    tells what run would do
status  tells what copies have, how old that is, and for how long they have lacked something
forget  takes away the bookmarks of replicas that are no more: snapshots are spared for them
serve   what sshd runs for the other host (command="..." in authorized_keys): of replication alone

--quiet     say nothing of copies that are up to date
--snapshot  run: take a snapshot of what is replicated first
exit status: 0 all is well, 1 something needs a look and is named, 2 the work could not be done`

export interface Words {
  readonly json: boolean
  readonly quiet: boolean
  readonly snapshot: boolean
  readonly config: string
  readonly names: readonly string[]
}

export function readWords(words: readonly string[]): Words {
  const rest = [...words]
  const read = { json: false, quiet: false, snapshot: false, config: SETTINGS_FILE, names: [] as string[] }
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--json') read.json = true
    else if (word === '--quiet') read.quiet = true
    else if (word === '--snapshot') read.snapshot = true
    else if (word === '--config') read.config = rest.shift() ?? ''
    else if (word.startsWith('-')) throw new WrongUsage(`there is no option ${word}`)
    else read.names.push(word)
  }
  return read
}
