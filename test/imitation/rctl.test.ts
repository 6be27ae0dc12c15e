/** rctl(8), line by line of 04-symlink-rctl-net.jsonl. */
import { expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

function machine(racct = '1') {
  const host = fakeFreeBSD({ sysctls: { 'kern.racct.enable': racct } })
  return (...args: string[]) => host.outside('rctl', ...args)
}

const FOUR = ['memoryuse:deny=512M', 'pcpu:deny=200', 'maxproc:deny=100', 'openfiles:log=1000']

test('is off unless the loader has turned it on [rctl-1]', () => {
  const stderr = 'rctl: RACCT/RCTL present, but disabled; enable using kern.racct.enable=1 tunable\n'
  expect(machine('0')()).toEqual({ exit: 1, stdout: '', stderr })
})

test('newest first, in plain units; a deny rule takes the place of its like [rctl-2, 04:9-18]', () => {
  const rctl = machine()
  for (const rule of FOUR) expect(rctl('-a', `jail:web1:${rule}`)).toEqual({ exit: 0, stdout: '', stderr: '' })
  expect(rctl().stdout).toBe(
    'jail:web1:openfiles:log=1000\njail:web1:maxproc:deny=100\njail:web1:pcpu:deny=200\njail:web1:memoryuse:deny=536870912\n',
  )
  rctl('-a', 'jail:web1:memoryuse:deny=1G')
  rctl('-a', 'jail:web1:openfiles:log=2000')
  rctl('-a', 'jail:web1:memoryuse:deny=1073741824')
  expect(rctl('-h').stdout).toBe(
    'jail:web1:memoryuse:deny=1024M\njail:web1:openfiles:log=2000\njail:web1:openfiles:log=1000\njail:web1:maxproc:deny=100\njail:web1:pcpu:deny=200\n',
  )
  expect(rctl('-r', 'jail:web1:openfiles:log=9')).toEqual({
    exit: 1,
    stdout: '',
    stderr: "rctl: failed to remove rule 'jail:web1:openfiles:log=9': No such process\n",
  })
  expect(rctl('-r', 'jail:web1:openfiles').exit).toBe(0)
  expect(rctl('jail:web1').stdout.split('\n')).toHaveLength(4)
})

test.each([
  ['jail:web1:nosuch:deny=1', "failed to add rule 'jail:web1:nosuch:deny=1': Invalid argument"],
  ['jail:web1:memoryuse:explode=1', "failed to add rule 'jail:web1:memoryuse:explode=1': Invalid argument"],
  ['jail:web1:memoryuse:deny=lots', "malformed rule 'jail:web1:memoryuse:deny=lots': invalid numeric value 'lots'"],
  ['jail:web1:memoryuse:deny=-1', "failed to add rule 'jail:web1:memoryuse:deny=-1': Result too large"],
  ['jail:web1:pcpu:throttle=100', "failed to add rule 'jail:web1:pcpu:throttle=100': Operation not supported"],
])('refuses %s [rctl-3, 04:20-24]', (rule, why) => {
  expect(machine()('-a', rule)).toEqual({ exit: 1, stdout: '', stderr: `rctl: ${why}\n` })
})

test('/jail is dropped where it is the subject, /user is kept [rctl-3, 04:28]', () => {
  const rctl = machine()
  for (const rule of ['swapuse:deny=1G/jail', 'maxproc:deny=100', 'maxproc:deny=50/user'])
    rctl('-a', `jail:web1:${rule}`)
  expect(rctl('jail:web1').stdout).toBe(
    'jail:web1:maxproc:deny=50/user\njail:web1:maxproc:deny=100\njail:web1:swapuse:deny=1073741824\n',
  )
  expect(rctl('-r', 'jail:web1').exit).toBe(0)
  expect(rctl('-r', 'jail:web1').stderr).toBe("rctl: failed to remove rule 'jail:web1': No such process\n")
})

test('of a jail that does not exist, rules stay and usage is zero [rctl-4, 04:26-27]', () => {
  const rctl = machine()
  rctl('-a', 'jail:nosuchjail:maxproc:deny=5')
  expect(rctl('jail:nosuchjail').stdout).toBe('jail:nosuchjail:maxproc:deny=5\n')
  const { stdout } = rctl('-u', 'jail:nosuchjail2')
  expect(stdout.match(/^\w+=0$/gm)).toHaveLength(25)
  expect(rctl('-hu', 'jail:nosuchjail2').stdout).toBe(stdout)
  expect(rctl('-r', 'jail:').exit).toBe(0)
  expect(rctl().stdout).toBe('')
})
