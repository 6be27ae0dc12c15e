/** netstat(1): what went through the host's own interfaces (usr.bin/netstat/main.c, if.c; FreeBSD 14). */
import { kernelOf } from './kernel.ts'
import { getopt, imitation, Unknown } from './screen.ts'

/** IFF_UP|IFF_BROADCAST|IFF_DRV_RUNNING|IFF_SIMPLEX|IFF_MULTICAST (sys/net/if.h), and without IFF_UP. */
const FLAGS = { up: '0x8843', down: '0x8842' }

export const netstat = imitation('netstat', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'X:bf:in', { '--libxo': 'X' })
  const form = [...set].sort().join('')
  if (form !== 'bin' || values.get('f')?.join() !== 'link' || values.get('X')?.join() !== 'json' || operands.length > 0)
    throw new Unknown(`form '${call.args.join(' ')}'`)
  const entries = kernelOf(machine)
    .interfaces.filter(({ vnet }) => vnet === 0)
    .map(({ name, isUp, mtu, index, ether, traffic = { receivedBytes: 0, sentBytes: 0 } }) => ({
      name,
      flags: isUp ? FLAGS.up : FLAGS.down,
      mtu,
      network: `<Link#${index}>`,
      // routename() of an address without bytes is the interface's name.
      address: ether ?? name,
      'received-packets': Math.ceil(traffic.receivedBytes / mtu),
      'received-errors': 0,
      'dropped-packets': 0,
      'received-bytes': traffic.receivedBytes,
      'sent-packets': Math.ceil(traffic.sentBytes / mtu),
      'send-errors': 0,
      'sent-bytes': traffic.sentBytes,
      collisions: 0,
    }))
  screen.out(`{"statistics": {"interface": [${entries.map(entry => JSON.stringify(entry)).join(', ')}]}}\n`)
  return 0
})
