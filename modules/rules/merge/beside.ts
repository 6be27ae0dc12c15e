/** The other version of a file, beside it: it is there to be read, and nothing may take it for one of its own. */
import { basename, dirname } from 'node:path/posix'
import type { Entry } from './entry.ts'

/** The new blueprint's, where the customer's stays. */
export const NEW_BESIDE = '.blueprint-new'
/** The customer's, where the new blueprint's took its place. */
export const OLD_BESIDE = '.customer-old'

/** cron(8) loads every file of a cron.d, except those whose names begin with a dot (usr.sbin/cron/cron/database.c). */
export const besideName = (path: string, suffix: typeof NEW_BESIDE | typeof OLD_BESIDE): string =>
  basename(dirname(path)) === 'cron.d' ? `${dirname(path)}/.${basename(path)}${suffix}` : path + suffix

/** periodic(8) runs every file in its directories that may be executed. */
export const modeBeside = ({ mode }: Pick<Entry, 'mode'>) => mode & ~0o7111
