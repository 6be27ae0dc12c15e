/** zfs(8): its subcommands. */
import { imitation, type Program, Unknown } from '../screen.ts'
import { allow, unallow } from './allow.ts'
import { clone, promote } from './clone.ts'
import { create } from './create.ts'
import { destroy } from './destroy.ts'
import { get } from './get.ts'
import { inherit } from './inherit.ts'
import { changeKey, loadKeys, unloadKeys } from './keys.ts'
import { list } from './list.ts'
import { mount, unmount } from './mount.ts'
import { receive } from './receive.ts'
import { rename } from './rename.ts'
import { send } from './send.ts'
import { set } from './set.ts'
import { bookmark, hold, holds, release, rollback, snapshot } from './snapshot.ts'

/** 06-batch.jsonl; the build's hash is that host's. */
const version: Program = (machine, call, screen) => {
  if (call.args.length > 0) throw new Unknown(`flag ${call.args[0]}`)
  const build = `${machine.state.zfsVersion}-FreeBSD_g33174af15`
  screen.out(`zfs-${build}\nzfs-kmod-${build}\n`)
  return 0
}

const SUBCOMMANDS: Readonly<Record<string, Program>> = {
  allow,
  bookmark,
  'change-key': changeKey,
  clone,
  create,
  destroy,
  get,
  hold,
  holds,
  inherit,
  list,
  'load-key': loadKeys,
  mount,
  promote,
  receive,
  recv: receive,
  release,
  rename,
  rollback,
  send,
  set,
  snap: snapshot,
  snapshot,
  umount: unmount,
  unallow,
  'unload-key': unloadKeys,
  unmount,
  version,
}

export const zfs = imitation('zfs', (machine, call, screen) => {
  const [name = '', ...args] = call.args
  const subcommand = SUBCOMMANDS[name === '-V' || name === '--version' ? 'version' : name]
  if (subcommand === undefined) throw new Unknown(`subcommand '${name}'`)
  return subcommand(machine, { ...call, args }, screen)
})
