/** devfs(4) in a tree that programs are run in: without /dev/null, a package's script would make a file of that name. */
import { run } from '../core/step.ts'

/** Ruleset 4 hides all but what a jail may have (fact host-8). */
export const mountDevices = (root: string) => run('mount', '-t', 'devfs', '-o', 'ruleset=4', 'devfs', `${root}/dev`)

/** `node` is a mount's own name in the mount table. */
export const unmount = (node: string) => run('umount', node)
