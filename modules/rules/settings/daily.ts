/**
 * A nightly word on pools that are filling up. Of FreeBSD's own, 404.status-zfs lists how full they are and says nothing of
 * it, and 400.status-disks is df(1) (usr.sbin/periodic/etc/daily).
 */
import type { Step } from '../../core/step.ts'
import { DAILY_FOLDER, dailyStatus } from '../../freebsd/periodic.ts'
import { fullPoolsLine } from '../../freebsd/zpool.ts'
import { dropFile, keepFile, type SeenFile } from '../program/file.ts'

export const DAILY_SCRIPT = `${DAILY_FOLDER}/406.status-bluejail-pools`
const MODE = 0o755
const ABOUT = 'Written by the Ansible module bluejail.hosting.host_settings, which will write it again.'

/** ZFS finds free space ever more slowly beyond that. */
export const USUAL_PERCENT = 80
export const PERCENT_VARIABLE = 'daily_status_bluejail_pools_percent'

const TEXT = dailyStatus(ABOUT, {
  name: 'bluejail_pools',
  title: 'Pools that are filling up',
  command: [fullPoolsLine(`\${${PERCENT_VARIABLE}:-${USUAL_PERCENT}}`)],
})

export function dailySteps(wanted: boolean | undefined, seen: SeenFile): Step[] {
  if (wanted === undefined) return []
  return wanted ? keepFile(DAILY_SCRIPT, seen, TEXT, MODE) : dropFile(DAILY_SCRIPT, seen)
}

export const isThere = ({ status }: SeenFile) => status !== undefined
