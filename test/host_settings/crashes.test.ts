/** The power goes after any change: the next run finishes the work, and ends where an undisturbed one does. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PowerCut } from '../imitation/faults.ts'
import { converged, hostWith } from './support.ts'

test('a cut of the power after any number of changes is made good by the next run', async () => {
  const wish = fc.constantFrom<string | number | null>('1', '0', null)
  const tasks = fc.record({
    loader_conf: fc.record({ 'kern.racct.enable': wish, zfs_load: wish }),
    sysctl: fc.record({ 'net.inet.ip.forwarding': fc.constantFrom('1', '0') }),
    rc_conf: fc.record({ hostname: wish, jail_enable: wish }),
    rc_conf_d: fc.record({ jail: fc.record({ jail_flags: wish }) }),
    periodic_conf: fc.record({ daily_output: wish }),
    kernel_modules: fc.subarray(['if_bridge', 'if_epair', 'nullfs']),
  })
  const host = () =>
    hostWith({ '/etc/rc.conf': '# mine\nhostname="hamburg1"\n', '/etc/periodic.conf': 'daily_output="/x"\n' })
  const paths = '/etc/rc.conf /etc/rc.conf.d/jail /etc/periodic.conf /etc/sysctl.conf /boot/loader.conf'.split(' ')
  const looks = (machine: ReturnType<typeof host>) => [
    ...paths.map(path => machine.tree.read(path)),
    machine.outside('sysctl', '-n', 'net.inet.ip.forwarding').stdout,
  ]
  await fc.assert(
    fc.asyncProperty(tasks, fc.nat({ max: 7 }), async (task, changes) => {
      const undisturbed = host()
      await converged(undisturbed, task)

      const cut = host()
      cut.machine.cutPowerAfter(changes + 1)
      const died = await converged(cut, task).then(
        () => false,
        error => error instanceof PowerCut || error.cause instanceof PowerCut,
      )
      if (died) await cut.boot()
      await converged(cut, task)
      expect(looks(cut)).toEqual(looks(undisturbed))
      expect(await converged(cut, task)).toMatchObject({ changed: false })
    }),
    { numRuns: 60 },
  )
})
