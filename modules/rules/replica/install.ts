/** What zfs_replica puts on a host: what is to be replicated, the program, a daily report, and last the line for cron. */
import type { Probe } from '../../core/host.ts'
import type { Step } from '../../core/step.ts'
import { CRON_FOLDER, cronFile } from '../../freebsd/crontab.ts'
import { DAILY_FOLDER, dailyStatus } from '../../freebsd/periodic.ts'
import { programPath } from '../layout.ts'
import { dropFile, keepFile, lookAtFile, type SeenFile } from '../program/file.ts'
import { deinstallation, installation, lookAtProgram, type SeenProgram } from '../program/install.ts'
import { HOMES, keysFile } from './access.ts'
import type { Settings } from './jobs.ts'
import { PROGRAM, SETTINGS_FILE } from './names.ts'
import { writeSettings } from './settings.ts'

const CRON_FILE = `${CRON_FOLDER}/bluejail-${PROGRAM}`
const DAILY_SCRIPT = `${DAILY_FOLDER}/406.status-bluejail-replicate`
const ABOUT = 'Written by the Ansible module bluejail.hosting.zfs_replica, which will write it again.'

/** Root's alone: it tells where keys are and who has copies. */
const SETTINGS_MODE = 0o600
const DAILY_MODE = 0o755
const CRON_MODE = 0o644

export interface Installed {
  readonly program: SeenProgram
  readonly settings: SeenFile
  readonly daily: SeenFile
  readonly cron: SeenFile
  /** Other hosts log in here, and that runs the program. */
  readonly serves: boolean
}

export async function lookAtInstalled(machine: Probe): Promise<Installed> {
  const [program, settings, daily, cron] = await Promise.all([
    lookAtProgram(PROGRAM, machine),
    lookAtFile(SETTINGS_FILE, machine),
    lookAtFile(DAILY_SCRIPT, machine),
    lookAtFile(CRON_FILE, machine),
  ])
  return { program, settings, daily, cron, serves: await hasLogins(machine) }
}

async function hasLogins(machine: Probe): Promise<boolean> {
  const keys = ((await machine.list(HOMES)) ?? []).map(user => machine.read(keysFile({ user })))
  return (await Promise.all(keys)).some(text => (text ?? '') !== '')
}

/** With `minutes: 0` cron starts nothing, and nobody is told every day how far copies are that nobody waits for. */
export function installing({ program, settings: seen, daily, cron }: Installed, settings: Settings): Step[] {
  const path = programPath(PROGRAM)
  const { minutes: everyMinutes } = settings
  return [
    ...keepFile(SETTINGS_FILE, seen, writeSettings(settings), SETTINGS_MODE),
    ...installation(program),
    ...(everyMinutes === 0
      ? [...dropFile(DAILY_SCRIPT, daily), ...dropFile(CRON_FILE, cron)]
      : [
          ...keepFile(
            DAILY_SCRIPT,
            daily,
            dailyStatus(ABOUT, { name: 'bluejail_replicate', title: 'Replicas', command: [path, 'status'] }),
            DAILY_MODE,
          ),
          ...keepFile(
            CRON_FILE,
            cron,
            cronFile(ABOUT, { everyMinutes, command: [path, 'run', '--quiet'], tag: 'bluejail-replicate' }),
            CRON_MODE,
          ),
        ]),
  ]
}

/** In the opposite order. */
export const removing = ({ program, settings, daily, cron, serves }: Installed): Step[] => [
  ...dropFile(CRON_FILE, cron),
  ...dropFile(DAILY_SCRIPT, daily),
  ...(serves ? [] : deinstallation(program)),
  ...dropFile(SETTINGS_FILE, settings),
]
