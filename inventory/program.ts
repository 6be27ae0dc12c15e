/** The inventory program: `--list` and `--host NAME` as Ansible asks, `--refresh` for a person. */
import { dirname } from 'node:path'
import { Failure } from '../modules/core/errors.ts'
import { ASKING, ask } from './ask.ts'
import { cacheFile, type Kept, readCache, writeCache } from './cache.ts'
import { fleetOf } from './instances.ts'
import { EMPTY, listingOf } from './listing.ts'

const DEFAULT_SECONDS = 300

const USAGE = `usage: instances.cjs [--list | --host NAME] [--refresh]

An inventory of the instances of an inventory's hosts, each as a host of its own.

  --refresh               asks the hosts, whatever was kept

BLUEJAIL_INVENTORY        the hosts' inventory, several with commas; default: the folder this program lies in
BLUEJAIL_CACHE_SECONDS    how long an answer is kept; default: ${DEFAULT_SECONDS}
`

interface Call {
  readonly args: readonly string[]
  /** Where this program lies, or a link to it. */
  readonly path: string
  readonly environment: NodeJS.ProcessEnv
}

interface Said {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

export async function answer({ args, path, environment }: Call): Promise<Said> {
  try {
    const { host, refresh, help } = readArguments(args)
    if (help) return { exit: 0, stdout: USAGE, stderr: '' }
    if (environment[ASKING] !== undefined) return { exit: 0, stdout: json(EMPTY), stderr: '' }
    const inventories = (environment.BLUEJAIL_INVENTORY || dirname(path)).split(',')
    const { listing, warnings } = await keptOrAsked(inventories, refresh, environment)
    const stderr = warnings.map(warning => `warning: ${warning}\n`).join('')
    return { exit: 0, stdout: json(host === undefined ? listing : (listing._meta.hostvars[host] ?? {})), stderr }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { exit: 1, stdout: '', stderr: `${error.message}\n` }
  }
}

async function keptOrAsked(
  inventories: readonly string[],
  refresh: boolean,
  environment: NodeJS.ProcessEnv,
): Promise<Kept> {
  const file = cacheFile(inventories, environment)
  const askedAt = Date.now()
  const seconds = secondsOf(environment.BLUEJAIL_CACHE_SECONDS)
  const kept = refresh ? undefined : readCache(file, inventories, { now: askedAt, seconds })
  if (kept !== undefined) return kept
  const fleet = fleetOf(await ask(inventories))
  const made = { listing: listingOf(fleet), warnings: fleet.warnings, askedAt }
  writeCache(file, made)
  return made
}

function readArguments(args: readonly string[]): { host?: string; refresh: boolean; help: boolean } {
  const rest = [...args]
  let host: string | undefined
  let refresh = false
  let help = false
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--host') host = rest.shift()
    else if (word === '--refresh') refresh = true
    else if (word === '--help' || word === '-h') help = true
    else if (word !== '--list') throw new Failure(`there is no option '${word}'\n${USAGE}`)
    if (word === '--host' && host === undefined) throw new Failure('--host needs the name of an instance')
  }
  return { ...(host === undefined ? {} : { host }), refresh, help }
}

function secondsOf(given: string | undefined): number {
  if (given === undefined || given === '') return DEFAULT_SECONDS
  if (/^\d+$/.test(given)) return Number(given)
  throw new Failure(`BLUEJAIL_CACHE_SECONDS is '${given}': give a number of seconds`)
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
