/**
 * netstat(1): what has gone through each interface since it was made. Sources: usr.bin/netstat/main.c and if.c (14), whose
 * names of fields these are; `-f link` leaves one entry for each interface, the one whose counts are the whole.
 */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'

export interface Traffic {
  readonly receivedBytes: number
  readonly sentBytes: number
}

const NETSTAT: Command = ['netstat', '--libxo', 'json', '-i', '-b', '-n', '-f', 'link']

/** What NETSTAT printed, by the interface's name. */
export function parseTraffic(stdout: string): Map<string, Traffic> {
  try {
    const entries = JSON.parse(stdout).statistics.interface as Record<string, unknown>[]
    return new Map(
      entries.map(entry => {
        const [receivedBytes, sentBytes] = [Number(entry['received-bytes']), Number(entry['sent-bytes'])]
        if (typeof entry.name !== 'string' || Number.isNaN(receivedBytes) || Number.isNaN(sentBytes))
          throw new TypeError('an interface without its counts')
        return [entry.name, { receivedBytes, sentBytes }]
      }),
    )
  } catch {
    throw new UnexpectedOutput(NETSTAT, stdout)
  }
}

export const readTraffic = async (machine: Probe): Promise<Map<string, Traffic>> =>
  parseTraffic((await machine.query(NETSTAT)).stdout)
