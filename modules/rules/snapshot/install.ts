/** What zfs_autosnap puts on a host: the policy file, the program, a daily report, and last the line for cron. */
import type { PathStatus, Probe } from '../../core/host.ts'
import type { Step } from '../../core/step.ts'
import { CRON_FOLDER, cronFile } from '../../freebsd/crontab.ts'
import { changeMode, makeDirectories } from '../../freebsd/directories.ts'
import { DAILY_FOLDER, dailyStatus } from '../../freebsd/periodic.ts'
import { PROGRAM_SETTINGS, programPath } from '../layout.ts'
import { deinstallation, installation, lookAtProgram, type SeenProgram } from '../program/install.ts'
import { POLICY_FILE, policyFile, type Wanted } from './settings.ts'

export const PROGRAM = 'autosnap'
const CRON_FILE = `${CRON_FOLDER}/bluejail-autosnap`
const DAILY_SCRIPT = `${DAILY_FOLDER}/405.status-bluejail-autosnap`
const ABOUT = 'Written by the Ansible module bluejail.hosting.zfs_autosnap, which will write it again.'

interface Place {
  readonly path: string
  readonly folder: string
  readonly mode: number
}

const PLACES = {
  policies: { path: POLICY_FILE, folder: PROGRAM_SETTINGS, mode: 0o644 },
  daily: { path: DAILY_SCRIPT, folder: DAILY_FOLDER, mode: 0o755 },
  cron: { path: CRON_FILE, folder: CRON_FOLDER, mode: 0o644 },
} as const satisfies Record<string, Place>

type Kind = keyof typeof PLACES

interface SeenFile {
  readonly folder: boolean
  readonly status: PathStatus | undefined
  readonly text: string | undefined
}

export interface Installed {
  readonly program: SeenProgram
  readonly files: Readonly<Record<Kind, SeenFile>>
}

export async function lookAtInstalled(machine: Probe): Promise<Installed> {
  const look = async ({ path, folder }: Place): Promise<SeenFile> => ({
    folder: (await machine.status(folder)) !== undefined,
    status: await machine.status(path),
    text: await machine.read(path),
  })
  const [program, policies, daily, cron] = await Promise.all([
    lookAtProgram(PROGRAM, machine),
    look(PLACES.policies),
    look(PLACES.daily),
    look(PLACES.cron),
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
  const kinds = Object.keys(PLACES) as Kind[]
  const folders = kinds.filter(kind => !files[kind].folder).map(kind => PLACES[kind].folder)
  const steps = (kind: Kind): Step[] => {
    const { path, mode } = PLACES[kind]
    const { text, status } = files[kind]
    return [
      ...(text === contents[kind] ? [] : [{ kind: 'write' as const, path, content: contents[kind], mode }]),
      ...(status !== undefined && status.mode !== mode ? [changeMode(path, mode)] : []),
    ]
  }
  return [
    ...(folders.length > 0 ? [makeDirectories(folders)] : []),
    ...steps('policies'),
    ...installation(program),
    ...steps('daily'),
    ...steps('cron'),
  ]
}

/** In the opposite order. */
export function removing({ program, files }: Installed): Step[] {
  const removal = (kind: Kind): Step[] =>
    files[kind].status === undefined ? [] : [{ kind: 'remove', path: PLACES[kind].path }]
  return [...removal('cron'), ...removal('daily'), ...deinstallation(program), ...removal('policies')]
}
