/** Which programs a sandbox host has, and where. FreeBSD's base has these; no other program of this Linux is to be seen. */
import { existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Where FreeBSD's own login.conf(5) looks, less the user's own bin. */
export const PATH = '/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin'

/** Linux's, with the name and (near enough) the use they have on FreeBSD. One that this machine lacks is left out. */
const LINUX: Readonly<Record<string, string>> = {
  '/bin': `[ cat chmod cp date dd df echo ed expr getfacl hostname kill ln ls mkdir mv pgrep pkill ps pwd realpath rm rmdir
    setfacl sh sleep stty sync test timeout`,
  '/usr/bin': `awk basename bc bunzip2 bzcat bzip2 chgrp cksum clear cmp column comm cut dc diff diff3 dirname du env
    expand false file find fmt fold getconf getent grep egrep fgrep groups gunzip gzip head hexdump iconv id install join
    less locale login logname look md5sum mkfifo mktemp more nc nice nl nohup nproc od openssl passwd paste patch
    pr printenv printf readlink rev scp script sdiff sed seq sftp sha256sum sha512sum sort split ssh ssh-keygen
    ssh-keyscan stat strings su sum tail tee time top touch tput tr true truncate tsort tty uniq unexpand uptime
    users vi w wc which who whoami xargs xz xzcat yes zcat zstd`,
  '/usr/sbin': 'chown',
}

/** Imitated ones that are not in /usr/sbin. */
const IMITATED: Readonly<Record<string, string>> = {
  '/bin': 'chflags freebsd-version kenv pkill',
  '/sbin': `bectl devfs dhclient fsck gpart ifconfig kldload kldstat kldunload mdconfig mount mount_nullfs mount_unionfs
    pfctl ping reboot route sha256 shutdown sysctl umount zfs zpool`,
  '/usr/bin': 'cap_mkdb cpuset fetch fstat lockf logger netstat procstat rctl sockstat tar uname',
}

const words = (text: string) => text.trim().split(/\s+/)

export function placeOfImitation(program: string): string {
  const within = (places: Readonly<Record<string, string>>) =>
    Object.keys(places).find(place => words(places[place] ?? '').includes(program))
  // What Linux has too is imitated for the host in memory alone.
  return join(within(LINUX) ?? within(IMITATED) ?? '/usr/sbin', program)
}

/** Links the Linux programs into a fresh root directory; `hostPath` is where this machine has them. */
export function placeLinuxPrograms(root: string, hostPath: readonly string[]): void {
  for (const [directory, names] of Object.entries(LINUX)) {
    mkdirSync(join(root, directory), { recursive: true })
    for (const name of words(names)) {
      const found = hostPath.map(place => join(place, name)).find(existsSync)
      if (found !== undefined) symlinkSync(join('/.sandbox/linux', realpathSync(found)), join(root, directory, name))
    }
  }
}
