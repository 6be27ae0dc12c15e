/** zpool-status(8) and zpool-scrub(8). A scrub is over as soon as it begins. */
import type { Machine } from './machine.ts'
import { getopt, type Program, Unknown } from './screen.ts'
import type { Pool } from './state.ts'

const choose = (machine: Machine, names: readonly string[]) =>
  names.length === 0 ? machine.state.pools : machine.state.pools.filter(each => names.includes(each.name))

export const status: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'x')
  if (set.has('x')) {
    screen.out(operands.length === 0 ? 'all pools are healthy\n' : `pool '${operands[0]}' is healthy\n`)
    return 0
  }
  const pools = choose(machine, operands)
  const [absent] = operands.filter(name => !pools.some(pool => pool.name === name))
  screen.out(pools.map(healthy).join('\n'))
  // zpool_do_status (openzfs cmd/zpool/zpool_main.c).
  if (pools.length === 0 && absent === undefined) screen.out('no pools available\n')
  if (absent !== undefined) screen.err(`cannot open '${absent}': no such pool\n`)
  return absent === undefined ? 0 : 1
}

/** 01-zfs.jsonl, `zpool status zroot`: `scan` comes with the first scrub or resilver. */
function healthy(pool: Pool): string {
  const width = Math.max(10, pool.name.length, ...pool.devices.map(device => device.length + 2))
  const row = (name: string) => `\t${name.padEnd(width)}  ONLINE       0     0     0\n`
  const devices = pool.devices.map(device => row(`  ${device}`)).join('')
  const scrub = pool.scrubbed === undefined ? '' : scrubbed(pool.scrubbed)
  const scan = pool.resilvering === undefined ? scrub : resilvering(pool.resilvering)
  return `  pool: ${pool.name}\n state: ONLINE\n${scan}config:\n\n\t${'NAME'.padEnd(width)}  STATE     READ WRITE CKSUM\n${row(pool.name)}${devices}\nerrors: No known data errors\n`
}

/** As soon as it has begun: status_callback and print_scan_scrub_resilver_status (openzfs cmd/zpool/zpool_main.c). */
const resilvering = (seconds: number) =>
  `status: One or more devices is currently being resilvered.  The pool will\n\tcontinue to function, possibly in a degraded state.\naction: Wait for the resilver to complete.\n  scan: resilver in progress since ${ctime(seconds)}\n\t12.8G scanned at 596M/s, 600K issued at 27.3K/s, 1.49T total\n\t0B resilvered, 0.00% done, no estimated completion time\n`

/** print_scan_scrub_resilver_status (openzfs cmd/zpool/zpool_main.c). */
const scrubbed = (seconds: number) => `  scan: scrub repaired 0B in 00:00:00 with 0 errors on ${ctime(seconds)}\n`

/** ctime(3), in the host's own time zone. */
function ctime(seconds: number): string {
  const [weekday, month, , year] = new Date(seconds * 1000).toString().split(' ')
  const at = new Date(seconds * 1000)
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(part => String(part).padStart(2, '0')).join(':')
  const day = String(at.getDate()).padStart(2)
  return `${weekday} ${month} ${day} ${time} ${year}`
}

export const scrub: Program = (machine, call, screen) => {
  const { operands } = getopt(call.args, 'w')
  if (operands.length === 0) throw new Unknown('number of operands')
  for (const name of operands) {
    const [pool] = choose(machine, [name])
    if (pool === undefined) {
      screen.err(`cannot open '${name}': no such pool\n`)
      return 1
    }
    pool.scrubbed = Math.floor(machine.clock().getTime() / 1000)
    machine.changed()
  }
  return 0
}
