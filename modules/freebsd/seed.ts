/** tar(1) to tar(1), the one way in the base system to copy a tree with all that belongs to it; touch(1) and ln(1). */
import { type PipeStep, pipe, type RunStep, run } from '../core/step.ts'

/** A tree of a gigabyte on slow disks. */
const COPY_SECONDS = 3600

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

/** An empty file, as a mount point for a file. One that exists stays as it is but for its time. */
export const touchFile = (path: string): RunStep => run('touch', path)

/** A symbolic link, in place of the one or the file that is there. */
export const linkTo = (target: string, path: string): RunStep => run('ln', '-sfn', target, path)
