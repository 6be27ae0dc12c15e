/** The sandbox host's OpenSSH server: this machine's real sshd, on the loopback, with keys and a configuration of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { PATH } from './programs.ts'

const LINUX_SSHD = '/.sandbox/linux/usr/sbin/sshd'
const CONFIGURATION = '/.sandbox/sshd_config'

export interface Keys {
  readonly hostKeyFile: string
  readonly authorizedKey: string
}

/** Listens on `preferredPort` if that is free, else on another. Whoever holds the returned process can end it. */
export async function startSshd(
  keys: Keys,
  preferredPort: number | undefined,
): Promise<{ port: number; sshd: ChildProcess }> {
  writeFileSync('/.sandbox/authorized_keys', `${keys.authorizedKey}\n`)
  let said = ''
  for (const wanted of [preferredPort, undefined, undefined, undefined]) {
    const port = wanted ?? (await freePort())
    writeFileSync(CONFIGURATION, configuration(keys, port))
    const sshd = spawn(LINUX_SSHD, ['-D', '-e', '-f', CONFIGURATION], { stdio: ['ignore', 'ignore', 'pipe'] })
    said = await new Promise<string>(resolve => {
      let text = ''
      sshd.stderr.on('data', (piece: Buffer) => {
        // Kept reading afterwards too: a full pipe would stop it.
        if (text.length < 4096) text += piece.toString()
        if (text.includes('Server listening')) resolve('')
      })
      sshd.once('exit', () => resolve(text))
    })
    if (said === '') return { port, sshd }
  }
  throw new Error(`sshd does not start: ${said}`)
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** PATH is that of FreeBSD's login.conf(5); the limits are for a fleet's worth of connections at once. */
const configuration = ({ hostKeyFile }: Keys, port: number) => `ListenAddress 127.0.0.1
Port ${port}
HostKey ${hostKeyFile}
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
MaxStartups 200
MaxSessions 200
SetEnv PATH=${PATH}
Subsystem sftp internal-sftp
`
