/** Every imitated program by its name. A new one is a file beside this and a line here. */
import type { Imitation } from './machine.ts'
import { mount } from './mount.ts'
import { sysctl } from './sysctl.ts'
import { umount } from './umount.ts'
import { zfs } from './zfs/index.ts'
import { zpool } from './zpool.ts'

export const imitations: Record<string, Imitation> = { mount, sysctl, umount, zfs, zpool }
