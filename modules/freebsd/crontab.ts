/**
 * cron(8): files of /usr/local/etc/cron.d, each like /etc/crontab with the user before the command (crontab(5); freebsd-src
 * usr.sbin/cron/cron/pathnames.h, LOCALSYSCRONTABS). cron reads the folder again when it changes, and skips names that begin
 * with a dot, which a file being written has.
 */

export const CRON_FOLDER = '/usr/local/etc/cron.d'

export interface Job {
  readonly everyMinutes: number
  /** A program's path and plain words: cron hands them to sh(1). */
  readonly command: readonly string[]
  /** What it prints goes to syslogd(8) with this tag; cron would mail it each time. */
  readonly tag: string
}

export function cronFile(about: string, { everyMinutes, command, tag }: Job): string {
  const strange = command.find(word => !/^[A-Za-z0-9@=:,./-]+$/.test(word))
  if (strange !== undefined) throw new TypeError(`'${strange}' would mean something to sh(1) or cron(8)`)
  const minutes = everyMinutes === 1 ? '*' : `*/${everyMinutes}`
  return [
    `# ${about}`,
    'SHELL=/bin/sh',
    'PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin',
    `${minutes} * * * * root ${command.join(' ')} 2>&1 | logger -p daemon.warning -t ${tag}`,
    '',
  ].join('\n')
}
