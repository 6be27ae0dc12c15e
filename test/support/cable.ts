/** The way to a host's sshd, which a test can cut: connections end, and nobody gets another one, while the host goes on. */
import { connect, createServer, type Socket } from 'node:net'
import type { Sandbox } from '../sandbox/sandbox.ts'

export interface Cable {
  /** For an inventory, beside what the sandbox says: the host through this cable. */
  readonly vars: Readonly<Record<string, string | number>>
  unplug(): void
  plug(): Promise<void>
}

export async function layCable(host: Sandbox): Promise<Cable> {
  const ends = new Set<Socket>()
  const server = createServer(near => {
    const far = connect({ host: host.address, port: host.port })
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(end)
      end.once('close', () => {
        ends.delete(end)
        other.destroy()
      })
      end.on('error', () => {})
      end.pipe(other)
    }
  })
  const listen = (port: number) => new Promise<void>(resolve => server.listen(port, host.address, resolve))
  await listen(0)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    vars: {
      ansible_port: port,
      // The host's key is known under its own port.
      ansible_ssh_extra_args: `-o HostKeyAlias=[${host.address}]:${host.port}`,
    },
    unplug() {
      server.close()
      for (const end of ends) end.destroy()
    },
    plug: () => listen(port),
  }
}
