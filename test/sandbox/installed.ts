/** What a freshly installed FreeBSD host with its root on ZFS is, beyond its files. */
import type { MachineOptions } from '../imitation/machine.ts'

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
