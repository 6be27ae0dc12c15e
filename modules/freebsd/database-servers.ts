/**
 * Database servers in instances, for the moment of a snapshot. MariaDB's client reads its standard input line by line and
 * with --unbuffered prints each answer at once; the locks last as long as its connection (MariaDB, FLUSH). PostgreSQL needs
 * no lock: data and log in one transaction are what a power cut leaves, and a checkpoint makes the way back short.
 */
import type { Probe } from '../core/host.ts'
import type { Opening } from '../core/session.ts'
import type { Command } from '../core/step.ts'

/** What the servers' processes are called. */
const SERVERS = { mariadb: 'mariadbd|mysqld', postgresql: 'postgres' } as const

/** Whether a server of this kind runs in the jail. pgrep(1): 0 for yes, 1 for no; `-x` matches the whole name. */
export async function runsServer(machine: Probe, jail: string, server: keyof typeof SERVERS): Promise<boolean> {
  const answer = await machine.query(['pgrep', '-q', '-x', '-j', jail, SERVERS[server]], { exits: [0, 1] })
  return answer.exit === 0
}

/**
 * As root, whom the server knows by the socket. A client that connected again to a server that was started anew would say
 * that all is well, and the locks would have been gone meanwhile.
 */
export const mariadbClient = (jail: string): Command => [
  'jexec',
  jail,
  'mariadb',
  '--batch',
  '--skip-column-names',
  '--unbuffered',
  '--skip-reconnect',
]

const HELD = 'tables are locked'

/** The server gives up first, since it says what it waited for. */
export const lockTables = (seconds: number): Opening => ({
  send: `SET SESSION lock_wait_timeout = ${Math.max(1, seconds - 1)};\nFLUSH TABLES WITH READ LOCK;\nSELECT '${HELD}';\n`,
  ready: HELD,
  seconds,
})

export const UNLOCK_TABLES = 'UNLOCK TABLES;\n'

/** The port's server runs as its user `postgres`, who may connect by the socket. */
export const checkpoint = (jail: string): Command => [
  ...(['jexec', '-U', 'postgres', jail] as const),
  ...['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-c', 'CHECKPOINT'],
]

/** A command of the operator's, in the jail. */
export const inside = (jail: string, command: Command): Command => ['jexec', jail, ...command]
