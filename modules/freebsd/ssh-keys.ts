/** Keys of ssh: ssh-keygen(1), sshd(8) on authorized_keys and known_hosts. */
import { type RunStep, run } from '../core/step.ts'

export const HOST_KEY = '/etc/ssh/ssh_host_ed25519_key.pub'

/** Without a passphrase: nobody is there to be asked. */
export const makeKey = (path: string, comment: string): RunStep =>
  run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path)

/** The two words of a public key that count, without its comment; undefined where it is none. */
export function publicKey(line: string): string | undefined {
  const [, kind, key] =
    /^(ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp\d+|sk-[\w@.-]+) ([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(line.trim()) ?? []
  return kind === undefined || key === undefined ? undefined : `${kind} ${key}`
}

/** `restrict` turns off forwarding, terminals and ~/.ssh/rc, and whatever a later release adds. */
export const authorized = (key: string, command: string, from: string | undefined) =>
  `restrict,${from === undefined ? '' : `from="${from}",`}command="${command}" ${key}\n`

/** A port other than 22 stands in the name. */
export const knownHost = (host: string, port: number | undefined, key: string) =>
  `${port === undefined || port === 22 ? host : `[${host}]:${port}`} ${key}\n`
