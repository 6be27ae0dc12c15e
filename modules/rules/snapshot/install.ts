/** What zfs_autosnap puts on a host: the policy file, the program, a daily report, and last the line for cron. */
import type { Probe } from '../../core/host.ts'
import type { Step } from '../../core/step.ts'
import { CRON_FOLDER, cronFile } from '../../freebsd/crontab.ts'
import { DAILY_FOLDER, dailyStatus } from '../../freebsd/periodic.ts'
import { programPath } from '../layout.ts'
import { dropFile, keepFile, lookAtFile, type SeenFile } from '../program/file.ts'
import { deinstallation, installation, lookAtProgram, type SeenProgram } from '../program/install.ts'
import { POLICY_FILE, policyFile, type Wanted } from './settings.ts'

export const PROGRAM = 'autosnap'
const CRON_FILE = `${CRON_FOLDER}/bluejail-autosnap`
const DAILY_SCRIPT = `${DAILY_FOLDER}/405.status-bluejail-autosnap`
const ABOUT = 'Written by the Ansible module bluejail.hosting.zfs_autosnap, which will write it again.'

const PLACES = {
  policies: { path: POLICY_FILE, mode: 0o644 },
  daily: { path: DAILY_SCRIPT, mode: 0o755 },
  cron: { path: CRON_FILE, mode: 0o644 },
} as const

type Kind = keyof typeof PLACES

export interface Installed {
  readonly program: SeenProgram
  readonly files: Readonly<Record<Kind, SeenFile>>
}

export async function lookAtInstalled(machine: Probe): Promise<Installed> {
  const [program, policies, daily, cron] = await Promise.all([
    lookAtProgram(PROGRAM, machine),
    lookAtFile(POLICY_FILE, machine),
    lookAtFile(DAILY_SCRIPT, machine),
    lookAtFile(CRON_FILE, machine),
  ])
  return { program, files: { policies, daily, cron } }
}

export function installing({ program, files }: Installed, wanted: Wanted, everyMinutes: number): Step[] {
  const command = programPath(PROGRAM)
  const contents: Record<Kind, string> = {
    policies: policyFile(wanted),
    daily: dailyStatus(ABOUT, {
      name: 'bluejail_autosnap',
      title: 'Snapshots by policy',
      command: [command, 'status'],
    }),
    cron: cronFile(ABOUT, { everyMinutes, command: [command, 'run', '--quiet'], tag: 'bluejail-autosnap' }),
  }
  const steps = (kind: Kind) => keepFile(PLACES[kind].path, files[kind], contents[kind], PLACES[kind].mode)
  return [...steps('policies'), ...installation(program), ...steps('daily'), ...steps('cron')]
}

/** In the opposite order. */
export function removing({ program, files }: Installed): Step[] {
  const removal = (kind: Kind) => dropFile(PLACES[kind].path, files[kind])
  return [...removal('cron'), ...removal('daily'), ...deinstallation(program), ...removal('policies')]
}
