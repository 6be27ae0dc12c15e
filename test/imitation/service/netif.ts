/** rc.d/netif: `start NAME…` makes these clones and configures them (libexec/rc/rc.d/netif, netif_start). */
import { readRcConf } from '../rc-conf.ts'
import { Unknown } from '../screen.ts'
import { startInterfaces } from '../startup.ts'
import type { Service } from './service.ts'

export const netifService: Service = {
  description: 'Network interface setup',
  usually: 'YES',
  verbs: {
    *start({ machine, names, screen }) {
      // Without names it would configure all again, and show each.
      if (names.length === 0) throw new Unknown('netif start without a name')
      const before = new Set(machine.state.kernel?.interfaces.map(({ name }) => name))
      yield* startInterfaces(machine, readRcConf(machine), names)
      const made = machine.state.kernel?.interfaces.filter(({ name }) => !before.has(name)) ?? []
      if (made.length > 0) screen.out(`Created clone interfaces: ${made.map(({ name }) => name).join(' ')}.\n`)
      return 0
    },
  },
}
