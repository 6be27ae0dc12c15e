/** Every imitated program by its name. A new one is a file beside this and a line here. */
import { chflags } from './chflags.ts'
import { chroot } from './chroot.ts'
import { cpuset } from './cpuset.ts'
import { capMkdb, pwdMkdb, servicesMkdb } from './databases.ts'
import { devfs } from './devfs.ts'
import { chmod, install, ln, mkdir, mv, rm, rmdir, touch } from './directories.ts'
import { fetch } from './fetch/index.ts'
import { find } from './find.ts'
import { sleep, tail, wc } from './host-commands.ts'
import { ifconfig } from './ifconfig/index.ts'
import { jail } from './jail/index.ts'
import { jexec } from './jexec.ts'
import { jls } from './jls.ts'
import { kenv } from './kenv.ts'
import { kldload, kldstat, kldunload } from './kld.ts'
import { lockf } from './lockf.ts'
import { logger } from './logger.ts'
import type { Imitation } from './machine.ts'
import { mount } from './mount.ts'
import { mtree } from './mtree.ts'
import { arp, ndp } from './neighbors.ts'
import { netstat } from './netstat.ts'
import { pfctl } from './pfctl/index.ts'
import { pgrep } from './pgrep.ts'
import { pkg } from './pkg/index.ts'
import { pw } from './pw.ts'
import { rctl } from './rctl.ts'
import { route } from './route.ts'
import { service } from './service/index.ts'
import { sha256 } from './sha256.ts'
import { shutdown } from './shutdown.ts'
import { sshKeygen } from './ssh-keygen.ts'
import { sysctl } from './sysctl.ts'
import { sysrc } from './sysrc/index.ts'
import { tar } from './tar/index.ts'
import { umount } from './umount.ts'
import { freebsdVersion, uname } from './uname.ts'
import { zfs } from './zfs/index.ts'
import { zpool } from './zpool.ts'

export const imitations: Record<string, Imitation> = {
  arp,
  cap_mkdb: capMkdb,
  chflags,
  chmod,
  chroot,
  cpuset,
  devfs,
  fetch,
  find,
  'freebsd-version': freebsdVersion,
  ifconfig,
  install,
  jail,
  jexec,
  jls,
  kenv,
  kldload,
  kldstat,
  kldunload,
  ln,
  lockf,
  logger,
  mkdir,
  mount,
  mtree,
  mv,
  ndp,
  netstat,
  pgrep,
  pkg,
  pfctl,
  pw,
  pwd_mkdb: pwdMkdb,
  rctl,
  rm,
  rmdir,
  route,
  service,
  services_mkdb: servicesMkdb,
  sha256,
  shutdown,
  sleep,
  'ssh-keygen': sshKeygen,
  sysctl,
  sysrc,
  tail,
  tar,
  touch,
  umount,
  uname,
  wc,
  zfs,
  zpool,
}
