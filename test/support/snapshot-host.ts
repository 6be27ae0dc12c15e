/** Hosts with snapshots, and the program that takes them run on them, hour after hour. */
import { type ExitStatus, outcomeOf, type Surroundings } from '../../modules/core/host-program.ts'
import type { Hold } from '../../modules/core/session.ts'
import { POLICY_FILE } from '../../modules/rules/snapshot/settings.ts'
import type { Report } from '../../programs/autosnap/report.ts'
import autosnap from '../../programs/autosnap.ts'
import { type FakeHost, type FakeOptions, fakeFreeBSD } from './fake-freebsd.ts'

/** What the examples of zfs_autosnap speak of. */
export function hostForSnapshots(title: string): FakeHost {
  const wanted = { policies: [{ name: 'daily', daily: 7 }], datasets: [{ name: 'zroot/hosting', policy: 'daily' }] }
  const files = {
    [POLICY_FILE]: JSON.stringify({ format: 1, ...wanted }),
    '/usr/local/etc/cron.d/bluejail-autosnap': '# ours\n',
  }
  return fakeFreeBSD({
    datasets: {
      'zroot/hosting/instances/db1/var': {},
      'zroot/hosting/shared': { 'com.sun:auto-snapshot': 'true' },
    },
    commands: [
      ['zfs', 'snapshot', 'zroot/hosting/instances/db1/var@auto-20261122T110000Z'],
      ['zfs', 'snapshot', 'zroot/hosting/shared@zfs-auto-snap_hourly-2026-11-22-11h00'],
    ],
    ...(title === 'No snapshots by policy any more' && { files }),
  })
}

/** A host whose policy file says this. */
export const withPolicies = (wanted: object, { files, ...options }: FakeOptions = {}): FakeHost =>
  fakeFreeBSD({ ...options, files: { [POLICY_FILE]: JSON.stringify({ format: 1, ...wanted }), ...files } })

export interface Ran {
  readonly exit: ExitStatus
  readonly stdout: string
  readonly stderr: string
}

/** The program, at a time, with these arguments. */
export async function autosnapped(
  host: FakeHost,
  now: string | number,
  args: readonly string[] = ['run'],
  more: Partial<Surroundings> = {},
): Promise<Ran> {
  const out: string[] = []
  const complaints: string[] = []
  const exit = await outcomeOf(autosnap, {
    args,
    host,
    hold: holdNothing,
    now: () => new Date(now),
    holder: 'a test',
    say: line => out.push(line),
    complain: line => complaints.push(line),
    ending: new AbortController().signal,
    ...more,
  })
  return { exit, stdout: out.join('\n'), stderr: complaints.join('\n') }
}

const holdNothing: Hold = async command => {
  throw new Error(`nobody expected ${command.join(' ')}`)
}

/** What a run did. */
export async function reported(
  host: FakeHost,
  now: string | number,
  more: Partial<Surroundings> = {},
): Promise<Report> {
  const { stdout, stderr } = await autosnapped(host, now, ['run', '--json'], more)
  if (stderr !== '') throw new Error(stderr)
  return JSON.parse(stdout)
}

/** All snapshots of the host, in full. */
export const snapshotsOn = (host: FakeHost): string[] =>
  host
    .outside('zfs', 'list', '-H', '-t', 'snapshot', '-o', 'name')
    .stdout.split('\n')
    .filter(name => name !== '')
