/** `npm run sandbox -- start|ssh|stop|list`: make-believe FreeBSD hosts to try playbooks on. */
import { spawnSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { PLAIN_USER } from './disk.ts'
import { defaultFolder, namesIn, running, sshArguments } from './folder.ts'
import { startSandbox, stopSandbox } from './sandbox.ts'

const USAGE = `usage: npm run sandbox -- start NAME… [--fresh] [--python]
       npm run sandbox -- ssh NAME [--admin] [-- COMMAND…]
       npm run sandbox -- stop NAME… [--remove]
       npm run sandbox -- list

  start   starts hosts, each on its disk of before if it has one and --fresh is not given
  ssh     logs in as root; with --admin as ${PLAIN_USER}, who may use sudo
  stop    switches hosts off; their disks stay, unless --remove is given
  list    names the hosts there are

Hosts are kept in .sandbox, or in $SANDBOX_DIRECTORY; hosts.yml there is an inventory of those that run.
`

class Misuse extends Error {}

const folder = defaultFolder()
/** As short as it can be given to a command from here. */
const shown = (path: string) => (relative('.', path).startsWith('..') ? path : relative('.', path))

async function start(names: string[], flags: { fresh: boolean; python: boolean }): Promise<void> {
  const { fresh, python } = flags
  await Promise.all(names.map(name => startSandbox({ name, directory: folder, keepDisk: !fresh, python })))
  for (const name of names) console.log(`${name} runs. Log in: npm run sandbox -- ssh ${name}`)
  console.log(`Inventory: ${shown(join(folder, 'hosts.yml'))}`)
}

function ssh(name: string, user: string, command: string[]): number {
  const disk = join(folder, known(name))
  const record = running(disk)
  if (record === undefined) throw new Misuse(`'${name}' does not run. Start it: npm run sandbox -- start ${name}`)
  return spawnSync('ssh', [...sshArguments(disk, record.port, user), ...command], { stdio: 'inherit' }).status ?? 255
}

function list(): void {
  for (const name of namesIn(folder)) {
    const record = running(join(folder, name))
    console.log(`${name.padEnd(20)} ${record ? `runs, ssh on 127.0.0.1:${record.port}` : 'is off'}`)
  }
}

function known(name: string): string {
  if (namesIn(folder).includes(name)) return name
  throw new Misuse(`there is no sandbox host '${name}' in ${shown(folder)}. Those there are: npm run sandbox -- list`)
}

async function main(): Promise<number> {
  const words = process.argv.slice(2)
  const at = words.indexOf('--')
  const { values, positionals } = parseArgs({
    args: at < 0 ? words : words.slice(0, at),
    allowPositionals: true,
    options: {
      fresh: { type: 'boolean', default: false },
      python: { type: 'boolean', default: false },
      admin: { type: 'boolean', default: false },
      remove: { type: 'boolean', default: false },
    },
  })
  const [verb, ...names] = positionals
  if (verb === 'list' && names.length === 0) list()
  else if (verb === 'start' && names.length > 0) await start(names, values)
  else if (verb === 'stop' && names.length > 0) {
    for (const name of names) await stopSandbox(known(name), folder, !values.remove)
  } else if (verb === 'ssh' && names[0] !== undefined) {
    const command = [...names.slice(1), ...(at < 0 ? [] : words.slice(at + 1))]
    return ssh(names[0], values.admin ? PLAIN_USER : 'root', command)
  } else throw new Misuse(USAGE)
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
