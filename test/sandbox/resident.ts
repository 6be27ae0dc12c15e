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
import type { Server } from 'node:net'
import { imitations } from '../imitation/index.ts'
import { drive } from '../imitation/starting.ts'
import { startUp } from '../imitation/startup.ts'
import { controlServer, type Programs } from './control.ts'
import { realProcesses } from './jail-processes.ts'
import { realNetwork } from './network.ts'
import { STATE, switchOn } from './power.ts'
import { placeOfImitation } from './programs.ts'
import { endAll, RealPower } from './reboot.ts'
import { clientServer, type Resident } from './server.ts'
import type { Settings } from './settings.ts'
import { startSshd } from './sshd.ts'

const DISK = '/.sandbox/disk'
const READY = 3

/** As 022 of any daemon; what started us may have had another. */
process.umask(0o022)
const settings: Settings = JSON.parse(readFileSync(`${DISK}/settings.json`, 'utf8'))
const machine = await switchOn(settings)
let saved = -1

let power: RealPower | undefined

const resident: Resident = {
  machine,
  isDown: () => power?.isDown ?? false,
  save() {
    if (machine.revision === saved) return
    machine.network?.follow(machine)
    writeFileSync(`${STATE}.new`, JSON.stringify(machine))
    renameSync(`${STATE}.new`, STATE)
    saved = machine.revision
  },
  losePower() {
    endAll()
    // init ends with this one.
    process.exit(1)
  },
}
machine.network = realNetwork()
mkdirSync('/.sandbox/jails')
machine.processes = realProcesses(
  (jid, path) =>
    new Promise(resolve => {
      const server = clientServer(resident, jid)
      server.listen(path, () => {
        chmodSync(path, 0o666)
        resolve(() => server.close())
      })
    }),
)
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

/** Logins; until there are some, the port where they were last. */
let door: { readonly port: number | undefined; readonly server?: Server } = { port: settings.port }
power = new RealPower({ machine, save: resident.save, close: () => door.server?.close(), comeUp })
machine.power = power
await comeUp()
writeSync(READY, `${JSON.stringify({ port: door.port })}\n`)
closeSync(READY)

/** What a boot starts once its mounts are there, the way in last. */
async function comeUp(): Promise<void> {
  // As late as this: what it starts asks us.
  await drive(startUp(machine))
  resident.save()
  const keys = { hostKeyFile: `${DISK}/host_key`, authorizedKey: readFileSync(`${DISK}/key.pub`, 'utf8').trim() }
  door = await startSshd(keys, door.port)
  door.server?.once('error', problem => {
    console.error(problem)
    process.exit(1)
  })
}
