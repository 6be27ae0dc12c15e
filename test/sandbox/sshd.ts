/** The sandbox host's OpenSSH server: this machine's real sshd, on the loopback, with keys and a configuration of its own. */
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { inHostStack } from './network.ts'
import { PATH } from './programs.ts'

const LINUX_SSHD = '/.sandbox/linux/usr/sbin/sshd'
const CONFIGURATION = '/.sandbox/sshd_config'

export interface Keys {
  readonly hostKeyFile: string
  readonly authorizedKey: string
}

/**
 * Listens on `preferredPort` if that is free, else on another, here in this machine's own network; each connection gets an
 * sshd (-i) in the sandbox host's. Whoever holds the returned server can end it.
 */
export async function startSshd(
  keys: Keys,
  preferredPort: number | undefined,
): Promise<{ port: number; server: Server }> {
  writeFileSync('/.sandbox/authorized_keys', `${keys.authorizedKey}\n`)
  writeFileSync(CONFIGURATION, configuration(keys))
  const [program, ...args] = inHostStack(LINUX_SSHD, '-t', '-f', CONFIGURATION)
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`sshd does not start: ${stderr}`)
  const server = createServer({ pauseOnConnect: true }, serve)
  const port = await listen(server, preferredPort ?? 0).catch(() => listen(server, 0))
  return { port, server }
}

function serve(socket: Socket): void {
  const [program, ...args] = inHostStack(LINUX_SSHD, '-i', '-f', CONFIGURATION)
  spawn(program, args, { stdio: [socket, socket, 'ignore'] }).once('error', () => {})
  // sshd has a descriptor of its own by now.
  socket.destroy()
}

const listen = (server: Server, port: number) =>
  new Promise<number>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })

/** PATH is that of FreeBSD's login.conf(5); the limit is for a fleet's worth of sessions at once. */
const configuration = ({ hostKeyFile }: Keys) => `HostKey ${hostKeyFile}
PidFile none
AuthorizedKeysFile /.sandbox/authorized_keys
AuthenticationMethods publickey
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
MaxSessions 200
SetEnv PATH=${PATH}
Subsystem sftp internal-sftp
`
