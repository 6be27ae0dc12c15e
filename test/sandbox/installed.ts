/** What a freshly installed FreeBSD host with its root on ZFS is, beyond its files. */
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { boot } from '../imitation/boot.ts'
import type { Machine, MachineOptions } from '../imitation/machine.ts'
import { run } from '../imitation/run.ts'
import { PLAIN_USER } from './disk.ts'
import type { Settings } from './settings.ts'

export const POOL = 'zroot'
export const ROOT_DATASET = `${POOL}/ROOT/default`

/** As bsdinstall(8) does it (usr.sbin/bsdinstall/scripts/zfsboot): its default datasets, in its order. */
export const INSTALLATION: readonly (readonly string[])[] = [
  `zpool create -O compression=on -O atime=off -m none ${POOL} vtbd0p4`,
  `zfs create -o mountpoint=none ${POOL}/ROOT`,
  // The installer has it mounted below /mnt; here it is already what `/` is.
  `zfs create -u -o mountpoint=/ ${ROOT_DATASET}`,
  `zfs create -o mountpoint=/home ${POOL}/home`,
  `zfs create -o mountpoint=/tmp -o exec=on -o setuid=off ${POOL}/tmp`,
  `zfs create -o mountpoint=/usr -o canmount=off ${POOL}/usr`,
  `zfs create -o setuid=off ${POOL}/usr/ports`,
  `zfs create ${POOL}/usr/src`,
  `zfs create -o mountpoint=/var -o canmount=off ${POOL}/var`,
  `zfs create -o exec=off -o setuid=off ${POOL}/var/audit`,
  `zfs create -o exec=off -o setuid=off ${POOL}/var/crash`,
  `zfs create -o exec=off -o setuid=off ${POOL}/var/log`,
  `zfs create -o atime=on ${POOL}/var/mail`,
  `zfs create -o setuid=off ${POOL}/var/tmp`,
  `zfs set mountpoint=/${POOL} ${POOL}`,
  `zpool set bootfs=${ROOT_DATASET} ${POOL}`,
  `zfs set canmount=noauto ${ROOT_DATASET}`,
].map(line => line.split(' '))

/** FreeBSD 14.2-RELEASE amd64. */
export const machineOptions = (name: string, zfsVersion: string | undefined): MachineOptions => ({
  ...(zfsVersion === undefined ? {} : { zfsVersion }),
  mounts: [
    { special: ROOT_DATASET, node: '/', fstype: 'zfs', options: ['local', 'noatime', 'nfsv4acls'] },
    { special: 'devfs', node: '/dev', fstype: 'devfs', options: [] },
  ],
  sysctls: {
    'kern.ostype': 'FreeBSD',
    'kern.osrelease': '14.2-RELEASE',
    'kern.osreldate': '1402000',
    'kern.version': 'FreeBSD 14.2-RELEASE releng/14.2-n269506-c8918d6c7412 GENERIC',
    'kern.ident': 'GENERIC',
    'kern.hostname': name,
    'kern.argmax': '524288',
    'kern.racct.enable': '0',
    'hw.machine': 'amd64',
    'hw.machine_arch': 'amd64',
    'hw.ncpu': '2',
    'hw.physmem': '4277612544',
    'net.inet.ip.forwarding': '0',
    'net.inet6.ip6.forwarding': '0',
    'security.jail.jailed': '0',
  },
})

export async function install(machine: Machine, { installation, poolBytes }: Settings): Promise<void> {
  for (const command of installation) {
    const { exit, stderr } = await start(machine, command)
    if (exit !== 0) throw new Error(`installing: '${command.join(' ')}' exited with ${exit}: ${stderr}`)
  }
  if (poolBytes !== undefined) for (const pool of machine.state.pools) Object.assign(pool, { size: poolBytes })
  // Over the root's own directories lie empty datasets now.
  for (const directory of ['/tmp', '/var/tmp']) chmodSync(directory, 0o1777)
  const home = `/home/${PLAIN_USER}`
  mkdirSync(home, { recursive: true })
  chownSync(home, 1001, 1001)
}

/** What comes back by itself when a host is switched on again: first rc.d/zfs, then rc.d/mountcritlocal of FreeBSD's base. */
export async function bootAgain(machine: Machine): Promise<void> {
  boot(machine)
  await start(machine, ['mount', '-a'])
}

const start = (machine: Machine, [program = '', ...args]: readonly string[]) =>
  run(machine, program, { args, stdin: Buffer.alloc(0), cwd: '/', uid: 0 })
