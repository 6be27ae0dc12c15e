/** The program that runs before jails start: its words, its exit status, its lock; and the rc.d script that runs it. */
import { expect, test } from 'vitest'
import { outcomeOf, type Surroundings } from '../../modules/core/host-program.ts'
import { RC_SCRIPT } from '../../modules/rules/switch/boot.ts'
import program from '../../programs/switch.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, clock, NEXT, switched, switchHost } from '../support/switch-host.ts'

async function run(host: FakeHost, ...args: string[]) {
  const said: string[] = []
  const complained: string[] = []
  const around = {
    args,
    host,
    now: clock(),
    holder: 'boot',
    say: (line: string) => void said.push(line),
    complain: (line: string) => void complained.push(line),
    ending: new AbortController().signal,
  } as unknown as Surroundings
  return { exit: await outcomeOf(program, around), said, complained }
}

/** Cut off after so many changes, and booted. */
async function cutOff(changes: number): Promise<FakeHost> {
  const host = await switchHost()
  host.machine.cutPowerAfter(changes)
  await switched(host, { id: 'web1', blueprint: NEXT }).catch(() => undefined)
  host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
  const rcConf = host.tree.read('/etc/rc.conf') ?? ''
  host.tree.write('/etc/rc.conf', rcConf.replace(/^jail_enable=.*$/m, 'jail_enable="NO"'))
  host.boot()
  return host
}

test('an instance that was cut off can start again, and it says on what', async () => {
  const host = await cutOff(15)
  expect(await run(host, 'resume')).toEqual({
    exit: 0,
    said: [
      `web1: it can start on ${BLUEPRINT}@1; the next run of blueprint_switch sees whether it is well on ${BLUEPRINT}`,
    ],
    complained: [],
  })
  expect(host.lockHolders.at(-1)).toBe('boot')
  expect(host.tree.read('/hosting/instances/web1/fstab')).toContain(BLUEPRINT)
  expect(host.tree.lstat('/etc/jail.conf.d/web1.conf')).toBeDefined()
  expect(host.outside('jls', '-j', 'web1', 'name').exit).toBe(1)
})

test('with nothing to do it says nothing and starts nothing', async () => {
  const host = await switchHost()
  expect(await run(host, 'resume')).toEqual({ exit: 0, said: [], complained: [] })
  expect(host.performed).toEqual([])
})

test('what is in the way of one instance is named', async () => {
  let host = await cutOff(15)
  const phase = () => JSON.parse(host.tree.read('/hosting/instances/web1/journal.json') ?? '{}').phase
  for (let changes = 16; phase() !== 'merging'; changes++) host = await cutOff(changes)
  host.machine.fault({ program: 'mount', when: args => args.includes('zfs'), kind: 'exit', stderr: 'mount: no\n' })
  const { exit, complained } = await run(host, 'resume')
  expect(exit).toBe(1)
  expect(complained.join()).toMatch(
    /^web1: web1 is stopped, on its way back to 2026Q4-php83@1: .* run this again with `state: resumed`\.$/,
  )
})

test('it knows one command', async () => {
  const host = await switchHost()
  expect((await run(host)).complained[0]).toContain('a command is missing')
  expect((await run(host, 'resume', '--now=1')).complained[0]).toContain("'--now' is no option")
})

test('live-16 rc(8) runs it before jails, where zfs has mounted; the module writes both', async () => {
  const host = await switchHost()
  await switched(host, { id: 'web1', state: 'resumed' })
  const script = host.tree.read(RC_SCRIPT) ?? ''
  expect(script).toMatch(/^#!\/bin\/sh\n/)
  expect(script).toMatch(/^# PROVIDE: bluejail_switch\n# REQUIRE: zfs\n# BEFORE: jail$/m)
  expect(script).toContain('/usr/local/libexec/bluejail/switch resume --dataset=zroot/hosting --path=/hosting')
  expect(host.tree.lstat(RC_SCRIPT)?.mode).toBe(0o555)
  expect(await switched(host, { id: 'web1', state: 'resumed' })).toMatchObject({ changed: false })
})
