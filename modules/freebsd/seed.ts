/** tar(1) to tar(1), the one way in the base system to copy a tree with all that belongs to it; touch(1) and ln(1). */
import { type Command, type PipeStep, pipe, type RunStep, run } from '../core/step.ts'
import { isWithin } from './mount.ts'
import { inBatches } from './zfs.ts'

/** A tree of a gigabyte on slow disks. */
const COPY_SECONDS = 3600
/** Some files of a package, into what a customer has in hand: his disk's quota can be full, his process be stopped or killed. */
const ADDING_SECONDS = 120
const IN_HIS_HAND = "its customer may have stopped tar(1) there; or a suspended pool, a hanging disk: 'zpool status -x'"

/**
 * Copies what is in `from` into the directory `to`, which takes over its mode and owner: numeric owners, modes, times,
 * file flags, ACLs and hard links (cp -a splits those: fact live-12; cpio -p wants a list of names, pax knows no flags).
 * Of the directories `except`, relative to `from`, only they themselves come along. What an interrupted copy has left is
 * replaced, `schg` or not.
 */
export const copyTree = (from: string, to: string, except: readonly string[] = []): PipeStep => ({
  ...pipe(
    ['tar', '-cf', '-', ...except.flatMap(path => ['--exclude', contentsOf(path)]), '-C', from, '.'],
    ['tar', '-xpf', '-', '--numeric-owner', '--clear-nochange-fflags', '-C', to],
  ),
  timeoutSeconds: COPY_SECONDS,
})

/** libarchive's archive_pathmatch.c: `^` anchors, and a `/*` at the end would match the directory itself too. */
const contentsOf = (path: string) => `^./${path.replace(/[\\*?[\]$^]/g, '\\$&')}/?*`

/**
 * Copies these of `from`, each alone, into `to`. What is there stays as it is, directories too (`-k`:
 * archive_write_disk_posix.c, restore_entry), but for a link, which would go (check_symlinks_fsobj): never name one.
 */
export const copyNames = (from: string, names: readonly string[], to: string): PipeStep[] =>
  throughTar(from, names, [...ADD, '-C', to]).map(borne)

/** The same into the root directory of a running jail, by a tar that runs in it: no link leads out of there (fact host-2). */
export const copyNamesInside = (from: string, names: readonly string[], jail: string): PipeStep[] =>
  // Not `-l`: it goes to root's home inside, which the customer can have removed (usr.sbin/jexec/jexec.c), and fails. What
  // it is for, the environment, is clean already.
  throughTar(from, names, ['jexec', jail, ...ADD, '-C', '/']).map(borne)

const borne = (step: PipeStep): PipeStep => ({
  ...step,
  timeoutSeconds: ADDING_SECONDS,
  bears: { holdUp: IN_HIS_HAND },
})

/** Where such a copy goes: into a jail, or to a place beside it. */
export const goesInto = ({ to }: PipeStep, jail: string, beside: string): boolean =>
  to[0] === 'jexec' ? to[1] === jail : isWithin(to.at(-1) ?? '', beside)

/**
 * Copies these of `from` into `to` in place of what is there, flags and all. No link may be there or on the way, since the
 * one would go and the other be followed: what calls this has looked.
 */
export const replaceNames = (from: string, names: readonly string[], to: string): PipeStep[] =>
  throughTar(from, names, [...REPLACE, '-C', to])

const REPLACE: Command = ['tar', '-xpf', '-', '--numeric-owner', '--clear-nochange-fflags']
const ADD: Command = ['tar', '-xpkf', '-', '--numeric-owner']

/** `./` before a name: it is no option and no archive (`@`). */
const throughTar = (from: string, names: readonly string[], to: Command): PipeStep[] =>
  inBatches(
    ['tar', '-cf', '-', '--no-recursion', '-C', from],
    names.map(name => `./${name}`),
  ).map(command => ({ ...pipe(command, to), timeoutSeconds: COPY_SECONDS }))

/** An empty file, as a mount point for a file. One that exists stays as it is but for its time. */
export const touchFile = (path: string): RunStep => run('touch', path)

/** A symbolic link, in place of the one or the file that is there. */
export const linkTo = (target: string, path: string): RunStep => run('ln', '-sfn', target, path)

/**
 * Copies these of `from`, with all that is in them, into a directory of a running jail, by a tar that runs in it. What an
 * interrupted copy has left there is replaced.
 */
export const copyTreesInside = (from: string, names: readonly string[], jail: string, to: string): PipeStep[] =>
  inBatches(
    ['tar', '-cf', '-', '-C', from],
    names.map(name => `./${name}`),
  ).map(command => ({
    ...pipe(command, ['jexec', jail, ...REPLACE, '-C', to]),
    timeoutSeconds: COPY_SECONDS,
  }))

/** The directories that lead to these, each alone, where there are none yet. */
export function copyAboveInside(from: string, names: readonly string[], jail: string, to: string): PipeStep[] {
  const above = directoriesAbove(names)
  return above.length === 0 ? [] : throughTar(from, above, ['jexec', jail, ...ADD, '-C', to])
}

/** The outer ones first. */
export const directoriesAbove = (names: readonly string[]): string[] => {
  const all = names.flatMap(name =>
    name
      .split('/')
      .slice(0, -1)
      .map((_, index, words) => words.slice(0, index + 1).join('/')),
  )
  return [...new Set(all)].sort()
}
