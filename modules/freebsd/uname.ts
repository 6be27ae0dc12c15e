/** uname(1): what this host is. */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'

export interface Kernel {
  /** Of the processor: `amd64`, `aarch64`. */
  readonly architecture: string
  /** The kernel's __FreeBSD_version: 1402000 of 14.2-RELEASE. */
  readonly version: number
}

const UNAME: Command = ['uname', '-p', '-K']

export async function readKernel(machine: Probe): Promise<Kernel> {
  const { stdout } = await machine.query(UNAME)
  const [, architecture, version] = /^(\w+) (\d{6,7})\n$/.exec(stdout) ?? []
  if (architecture === undefined || version === undefined) throw new UnexpectedOutput(UNAME, stdout)
  return { architecture, version: Number(version) }
}
