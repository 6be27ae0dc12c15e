/** Every imitated program by its name. A new one is a file beside this and a line here. */
import { chflags } from './chflags.ts'
import { capMkdb, pwdMkdb, servicesMkdb } from './databases.ts'
import { chmod, mkdir, touch } from './directories.ts'
import { fetch } from './fetch/index.ts'
import { ifconfig } from './ifconfig/index.ts'
import { jail } from './jail/index.ts'
import { jls } from './jls.ts'
import type { Imitation } from './machine.ts'
import { mount } from './mount.ts'
import { mtree } from './mtree.ts'
import { sha256 } from './sha256.ts'
import { sysctl } from './sysctl.ts'
import { sysrc } from './sysrc/index.ts'
import { tar } from './tar/index.ts'
import { umount } from './umount.ts'
import { freebsdVersion, uname } from './uname.ts'
import { zfs } from './zfs/index.ts'
import { zpool } from './zpool.ts'

export const imitations: Record<string, Imitation> = {
  cap_mkdb: capMkdb,
  chflags,
  chmod,
  fetch,
  'freebsd-version': freebsdVersion,
  ifconfig,
  jail,
  jls,
  mkdir,
  mount,
  mtree,
  pwd_mkdb: pwdMkdb,
  services_mkdb: servicesMkdb,
  sha256,
  sysctl,
  sysrc,
  tar,
  touch,
  umount,
  uname,
  zfs,
  zpool,
}
