/**
 * The one process of a sandbox host that remembers: it holds the imitated machine, makes its mounts, answers commands and
 * keeps sshd. It runs inside the host's namespaces (boot.sh); whoever started it hears on descriptor 3 that it is ready.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { imitations } from '../imitation/index.ts'
import { Machine } from '../imitation/machine.ts'
import { controlServer, type Programs } from './control.ts'
import { bootAgain, install, machineOptions, ROOT_DATASET } from './installed.ts'
import { placeOfImitation } from './programs.ts'
import { clientServer, type Resident } from './server.ts'
import type { Settings } from './settings.ts'
import { startSshd } from './sshd.ts'
import { realTree } from './tree.ts'
import { uname } from './uname.ts'

const DISK = '/.sandbox/disk'
const STATE = `${DISK}/machine.json`
const STORE = `${DISK}/store`
const READY = 3

/** As 022 of any daemon; what started us may have had another. */
process.umask(0o022)
imitations.uname = uname
const settings: Settings = JSON.parse(readFileSync(`${DISK}/settings.json`, 'utf8'))
const machine = await switchOn()
for (const program of Object.keys(machine.counts)) delete machine.counts[program]
let saved = -1

const resident: Resident = {
  machine,
  save() {
    if (machine.revision === saved) return
    writeFileSync(`${STATE}.new`, JSON.stringify(machine))
    renameSync(`${STATE}.new`, STATE)
    saved = machine.revision
  },
  losePower() {
    // All but this process and init; init ends with this one.
    process.kill(-1, 'SIGKILL')
    process.exit(1)
  },
}
resident.save()

const programs: Programs = {
  hide: program => rmSync(placeOfImitation(program), { force: true }),
  showAll() {
    for (const program of Object.keys(imitations)) {
      const place = placeOfImitation(program)
      if (!existsSync(place)) symlinkSync('/.sandbox/client', place)
    }
  },
}
programs.showAll()

clientServer(resident).listen('/.sandbox/socket', () => chmodSync('/.sandbox/socket', 0o666))
controlServer(resident, programs).listen('/.sandbox/control', () => chmodSync('/.sandbox/control', 0o600))

const { port, sshd } = await startSshd(
  { hostKeyFile: `${DISK}/host_key`, authorizedKey: readFileSync(`${DISK}/key.pub`, 'utf8').trim() },
  settings.port,
)
sshd.once('exit', status => {
  console.error(`sshd ended with ${status}`)
  process.exit(1)
})
writeSync(READY, `${JSON.stringify({ port })}\n`)
closeSync(READY)

async function switchOn(): Promise<Machine> {
  const tree = realTree(STORE)
  if (existsSync(STATE)) {
    const found = Machine.fromJSON(JSON.parse(readFileSync(STATE, 'utf8')), tree)
    await bootAgain(found)
    return found
  }
  // What an installation that was cut short has left.
  rmSync(STORE, { recursive: true, force: true })
  mkdirSync(STORE)
  const fresh = new Machine(tree, () => new Date(), machineOptions(settings.name, settings.zfsVersion))
  await install(fresh, settings)
  const root = fresh.dataset(ROOT_DATASET)
  if (root !== undefined) tree.adopt(root.storage, `${DISK}/root`)
  return fresh
}
