/** zfs-version(8): `zfs-kmod-2.2.6-FreeBSD_g33174af15` (06-batch.jsonl), `zfs-kmod-2.4.0-rc4-FreeBSD_g099f69ff5`. */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'

export type ZfsVersion = readonly [major: number, minor: number, patch: number]

/** Of the kernel's part, which decides. */
export async function readZfsVersion(machine: Pick<Probe, 'query'>): Promise<ZfsVersion> {
  const command: Command = ['zfs', 'version']
  const { stdout } = await machine.query(command)
  const [, ...numbers] = /^zfs-kmod-(\d+)\.(\d+)\.(\d+)/m.exec(stdout) ?? []
  const [major, minor, patch] = numbers.map(Number)
  if (major === undefined || minor === undefined || patch === undefined) throw new UnexpectedOutput(command, stdout)
  return [major, minor, patch]
}

export function isAtLeast(version: ZfsVersion, least: ZfsVersion): boolean {
  const at = version.findIndex((number, index) => number !== least[index])
  return at < 0 || (version[at] ?? 0) > (least[at] ?? 0)
}
