/** The directory that sandbox hosts are kept in: `NAME/` for each, and `hosts.yml`, the inventory of those that run. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { isAlive, type ProcessIdentity } from './processes.ts'
import { isRoot, unshare } from './requirements.ts'
import type { Settings } from './settings.ts'

/** What is known of a host that was started; on its disk as `running.json`. */
export interface Running {
  readonly process: ProcessIdentity
  readonly port: number
}

export const ADDRESS = '127.0.0.1'

export const defaultFolder = () => process.env.SANDBOX_DIRECTORY ?? resolve(import.meta.dirname, '../../.sandbox')

export const settingsOf = (disk: string) => join(disk, 'settings.json')

export const recordOf = (disk: string) => join(disk, 'running.json')

/** Undefined where the host does not run, however it ended. */
export function running(disk: string): Running | undefined {
  const record = readRecord(disk)
  return record && isAlive(record.process) ? record : undefined
}

export function readRecord(disk: string): Running | undefined {
  return existsSync(recordOf(disk)) ? (JSON.parse(readFileSync(recordOf(disk), 'utf8')) as Running) : undefined
}

/** Others who read it meanwhile see it as it was or as it will be. */
export function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.${process.pid}`, text)
  renameSync(`${path}.${process.pid}`, path)
}

export function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).filter(name => existsSync(settingsOf(join(folder, name))))
}

/** Of a host that has ended: nothing is mounted there any more. */
export function removeDisk(disk: string): void {
  if (isRoot()) {
    rmSync(disk, { recursive: true, force: true })
    return
  }
  // Files of the host's other users belong to ids that only its namespace may touch.
  const [program, ...args] = unshare('rm', '-rf', disk)
  const { status, stderr } = spawnSync(program, args)
  if (status !== 0) throw new Error(`cannot remove ${disk}: ${stderr}`)
}

/** Everything Ansible and ssh need to reach the host; as root, or as the plain user who may become root. */
export function inventoryVars(disk: string, port: number, user: string): Record<string, string | number> {
  const { python } = JSON.parse(readFileSync(settingsOf(disk), 'utf8')) as Settings
  return {
    ansible_host: ADDRESS,
    ansible_port: port,
    ansible_user: user,
    ansible_ssh_private_key_file: join(disk, 'key'),
    ansible_ssh_common_args: sshOptions(disk).map(quote).join(' '),
    ...(python ? { ansible_python_interpreter: '/usr/local/bin/python3' } : {}),
  }
}

/** For ssh(1), up to and with the destination. */
export const sshArguments = (disk: string, port: number, user: string) => [
  ...sshOptions(disk),
  ...['-i', join(disk, 'key'), '-p', String(port), `${user}@${ADDRESS}`],
]

const sshOptions = (disk: string) => [
  ...['-F', 'none', '-o', `UserKnownHostsFile=${join(disk, 'known_hosts')}`, '-o', 'GlobalKnownHostsFile=none'],
  ...['-o', 'StrictHostKeyChecking=yes', '-o', 'IdentitiesOnly=yes'],
]

const quote = (word: string) => (/^[\w=/.,:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

/** Writes `hosts.yml`, with the running hosts in the group `sandbox`. */
export function writeInventory(folder: string): void {
  const path = join(folder, 'hosts.yml')
  // Several hosts may be started at once: whoever writes last has seen them all.
  for (let written = ''; ; ) {
    const text = inventory(folder)
    if (text === written) return
    writeWhole(path, text)
    written = text
  }
}

function inventory(folder: string): string {
  const hosts: Record<string, unknown> = {}
  for (const name of namesIn(folder).sort()) {
    const disk = join(folder, name)
    const record = running(disk)
    if (record?.port) hosts[name] = inventoryVars(disk, record.port, 'root')
  }
  return stringify({ sandbox: { hosts } })
}
