/** ssh-keygen(1), in memory: two files that look like a pair of keys. A sandbox host has the real one. */
import { getopt, imitation, Unknown } from './screen.ts'

export const sshKeygen = imitation('ssh-keygen', (machine, call, screen) => {
  const { values, set } = getopt(call.args, 'qt:N:C:f:')
  const value = (flag: string) => values.get(flag)?.at(-1) ?? ''
  if (!set.has('q') || value('t') !== 'ed25519' || value('f') === '') throw new Unknown(`form: ${call.args.join(' ')}`)
  const path = value('f')
  if (machine.tree.read(path) !== undefined) {
    screen.out(`${path} already exists.\nOverwrite (y/n)? `)
    return 1
  }
  const key = Buffer.from(`made-believe-${machine.id('key')}`).toString('base64')
  machine.tree.files.write(
    path,
    Buffer.from(`-----BEGIN OPENSSH PRIVATE KEY-----\n${key}\n-----END OPENSSH PRIVATE KEY-----\n`),
    0o600,
  )
  machine.tree.files.write(`${path}.pub`, Buffer.from(`ssh-ed25519 ${key} ${value('C')}\n`), 0o644)
  machine.changed()
  return 0
})
