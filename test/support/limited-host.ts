/** A host with limits of web1 and of others, in the kernel and at boot, and runs of rctl on it. */
import { apply, type Conduct, check, converge } from '../../modules/core/converge.ts'
import rctl from '../../modules/rctl.ts'
import { type FakeHost, type FakeOptions, fakeFreeBSD } from './fake-freebsd.ts'

const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }
const conducted = (conduct: Conduct) => (host: FakeHost, options: object) =>
  converge(rctl, options, host, conduct, circumstances)
export const applied = conducted(apply)
export const checked = conducted(check)
/** The message a task fails with. */
export const refusal = (host: FakeHost, options: object): Promise<string> =>
  applied(host, options).then(
    report => `it did not fail, but: ${report.msg}`,
    (error: Error) => error.message,
  )

export const FILE = '/etc/rctl.conf'
export const LINES = `# Written by hand, long ago
jail:web1:maxproc:deny=100  # as agreed
user:www:nthr:deny=9

jail:web10:maxproc:deny=7
  j:web1:openfiles:LOG=1K # odd, and the same
`

export function limitedHost(options: FakeOptions = {}): FakeHost {
  return fakeFreeBSD({
    files: { [FILE]: LINES },
    commands: [['rctl', '-a', 'jail:web1:maxproc:deny=100', 'jail:web1:openfiles:log=1K', 'jail:web10:maxproc:deny=7']],
    ...options,
  })
}
