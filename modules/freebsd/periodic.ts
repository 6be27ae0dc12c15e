/**
 * periodic(8): scripts of /usr/local/etc/periodic/daily, run in the order of their names. What one prints goes into the daily
 * mail, in any case where it exits above 2 (periodic.conf(5), `daily_show_success` and its like).
 */

export const DAILY_FOLDER = '/usr/local/etc/periodic/daily'

export interface DailyStatus {
  /** In periodic.conf, `daily_status_NAME_enable="NO"` turns it off. */
  readonly name: string
  readonly title: string
  readonly command: readonly string[]
}

export const dailyStatus = (about: string, { name, title, command }: DailyStatus): string =>
  [
    '#!/bin/sh',
    `# ${about}`,
    '',
    'if [ -r /etc/defaults/periodic.conf ]; then',
    '    . /etc/defaults/periodic.conf',
    '    source_periodic_confs',
    'fi',
    '',
    `case "\${daily_status_${name}_enable:-YES}" in`,
    '[Yy][Ee][Ss])',
    '    echo',
    `    echo '${title}:'`,
    `    ${command.join(' ')}`,
    '    [ $? -eq 0 ] || exit 3',
    '    ;;',
    'esac',
    'exit 0',
    '',
  ].join('\n')
