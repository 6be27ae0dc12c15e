/** The disk of a sandbox host as an installation leaves it: root's files, before anything of ours has been done to it. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { etcFiles } from '../fixtures/base/etc.ts'
import { defaultsRcConf, RC, RC_D, RC_SHUTDOWN } from '../fixtures/base/rc.ts'
import { RC_SUBR } from '../fixtures/base/rc-subr.ts'
import { PATH, placeLinuxPrograms } from './programs.ts'
import type { Settings } from './settings.ts'

/** The login that is not root; sudo(8) lets it become root. */
export const PLAIN_USER = 'admin'

const DIRECTORIES = `boot dev etc/defaults etc/jail.conf.d etc/pam.d etc/rc.d home media mnt net proc rescue root sbin usr/local/bin usr/local/etc usr/local/lib
  usr/local/libexec/sudo usr/local/sbin usr/local/share usr/obj usr/sbin usr/tests var/cache var/crash var/db var/empty var/log
  var/mail var/run/sshd var/spool .sandbox`

/** bsdinstall(8) writes such an rc.conf; sudoers' path is what sudo's own example has (plugins/sudoers/sudoers.in). */
const files = (name: string): Record<string, string> => ({
  'etc/rc.conf': `hostname="${name}"
ifconfig_vtnet0="DHCP"
sshd_enable="YES"
# Set dumpdev to "AUTO" to enable crash dumps, "NO" to disable
dumpdev="AUTO"
zfs_enable="YES"
`,
  'boot/loader.conf': `kern.geom.label.disk_ident.enable="0"
kern.geom.label.gptid.enable="0"
cryptodev_load="YES"
zfs_load="YES"
`,
  'etc/fstab': '# Device\t\tMountpoint\tFStype\tOptions\t\tDump\tPass#\n',
  'etc/hosts': `::1\tlocalhost ${name}\n127.0.0.1\tlocalhost ${name}\n`,
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  'etc/passwd': `root:*:0:0:Charlie &:/root:/bin/sh
daemon:*:1:1:Owner of many system processes:/root:/usr/sbin/nologin
operator:*:2:5:System &:/:/usr/sbin/nologin
bin:*:3:7:Binaries Commands and Source:/:/usr/sbin/nologin
sshd:*:22:22:Secure Shell Daemon:/var/empty:/usr/sbin/nologin
www:*:80:80:World Wide Web Owner:/nonexistent:/usr/sbin/nologin
nobody:*:65534:65534:Unprivileged user:/nonexistent:/usr/sbin/nologin
${PLAIN_USER}:*:1001:1001:${PLAIN_USER}:/home/${PLAIN_USER}:/bin/sh
`,
  'etc/group': `wheel:*:0:root
daemon:*:1:
kmem:*:2:
sys:*:3:
tty:*:4:
operator:*:5:root
mail:*:6:
bin:*:7:
sshd:*:22:
www:*:80:
nogroup:*:65533:
nobody:*:65534:
${PLAIN_USER}:*:1001:
`,
  'etc/sudo.conf': 'Plugin sudoers_policy /usr/local/libexec/sudo/sudoers.so\n',
  'etc/sudoers': `Defaults secure_path="${PATH}"
root ALL=(ALL:ALL) ALL
${PLAIN_USER} ALL=(ALL:ALL) NOPASSWD: ALL
`,
  'etc/pam.d/sudo':
    'auth sufficient pam_permit.so\naccount sufficient pam_permit.so\nsession sufficient pam_permit.so\n',
  'etc/pam.d/su': 'auth sufficient pam_rootok.so\naccount sufficient pam_permit.so\nsession sufficient pam_permit.so\n',
  'etc/pam.d/other': 'auth required pam_deny.so\naccount required pam_deny.so\nsession required pam_deny.so\n',
  // Modules take FreeBSD's open(2) and readdir(3) for granted; these make this Linux's like them.
  'usr/local/bin/node':
    '#!/bin/sh\nexec /.sandbox/node --require /.sandbox/exlock.cjs --require /.sandbox/snapdir.cjs "$@"\n',
})

/** Of the base system, what its programs read. */
const RELEASE = '14.2-RELEASE'
const BASE = [
  'defaults/devfs.rules',
  'defaults/periodic.conf',
  'login.conf',
  'newsyslog.conf',
  'services',
  'shells',
  'sysctl.conf',
]
const ofBase = (): Record<string, string> => ({
  ...Object.fromEntries(BASE.map(name => [`etc/${name}`, etcFiles(RELEASE)[name] ?? ''])),
  'etc/defaults/rc.conf': defaultsRcConf(RELEASE),
  'etc/rc': RC,
  'etc/rc.shutdown': RC_SHUTDOWN,
  'etc/rc.subr': RC_SUBR,
  ...Object.fromEntries(Object.entries(RC_D).map(([name, text]) => [`etc/rc.d/${name}`, text])),
})

const LINKS = {
  lib: '.sandbox/linux/lib',
  lib64: '.sandbox/linux/lib64',
  'usr/lib': '/.sandbox/linux/usr/lib',
  'usr/lib64': '/.sandbox/linux/usr/lib64',
  'usr/libexec': '/.sandbox/linux/usr/libexec',
  'usr/share': '/.sandbox/linux/usr/share',
  run: 'var/run',
}

export const HOST_PATH = ['/usr/bin', '/usr/sbin', '/bin', '/sbin']
const SUDO_PLUGINS = ['/usr/libexec/sudo/sudoers.so', '/usr/lib/sudo/sudoers.so']

export function writeDisk(root: string, { name, python }: Settings): void {
  for (const directory of DIRECTORIES.trim().split(/\s+/)) mkdirSync(join(root, directory), { recursive: true })
  for (const directory of ['tmp', 'var/tmp']) {
    mkdirSync(join(root, directory))
    chmodSync(join(root, directory), 0o1777)
  }
  for (const [path, target] of Object.entries(LINKS)) symlinkSync(target, join(root, path))
  for (const [path, text] of Object.entries({ ...ofBase(), ...files(name) })) writeFileSync(join(root, path), text)
  for (const script of Object.keys(RC_D)) chmodSync(join(root, 'etc/rc.d', script), 0o555)
  if (existsSync('/etc/ld.so.cache')) copyFileSync('/etc/ld.so.cache', join(root, 'etc/ld.so.cache'))
  chmodSync(join(root, 'usr/local/bin/node'), 0o755)
  chmodSync(join(root, 'root'), 0o750)

  placeLinuxPrograms(root, HOST_PATH)
  copySudo(root)
  if (python) symlinkSync('/.sandbox/python', join(root, 'usr/local/bin/python3'))
}

/** A copy, since in a user namespace the one of this machine does not belong to the namespace's root. */
function copySudo(root: string): void {
  const plugin = SUDO_PLUGINS.find(existsSync) ?? ''
  copyFileSync(plugin, join(root, 'usr/local/libexec/sudo/sudoers.so'))
  copyFileSync('/usr/bin/sudo', join(root, 'usr/local/bin/sudo'))
  chmodSync(join(root, dirname('usr/local/libexec/sudo/sudoers.so'), 'sudoers.so'), 0o644)
  chmodSync(join(root, 'usr/local/bin/sudo'), 0o4755)
  chmodSync(join(root, 'etc/sudoers'), 0o440)
}
