/** autosnap and sanoid on the same pool of 1,000 datasets with 30 snapshots each, of which each program has half. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import type { Bench, Suite } from './bench.ts'
import { inTurns, seconds } from './figures.ts'
import { DATASETS, FIRST, HOURS, ROOT } from './many.ts'
import { watchCommands } from './programs.ts'
import { AUTOSNAP, installAutosnap } from './snapshots.ts'

const HOUR = 3600
const LONG = { timeoutSeconds: 3600 }
const SANOID = `[${ROOT}]
  use_template = same
  recursive = yes
[template_same]
  frequently = 0
  hourly = ${HOURS}
  daily = 0
  weekly = 0
  monthly = 0
  yearly = 0
  autosnap = yes
  autoprune = yes
`

export const scale: Suite = async ({ machine, quick, check, skip, figure }: Bench) => {
  if (quick) return skip(`${DATASETS} datasets with ${2 * HOURS} snapshots each`, 'not with --quick')
  await machine.run(['zpool', 'import', '-f', 'many'], LONG)
  await machine.write('/etc/sanoid/sanoid.conf', SANOID)
  await installAutosnap(machine, {
    policies: [{ name: 'standard', hourly: HOURS }],
    datasets: [{ name: ROOT, policy: 'standard' }],
  })
  // Both read the clock. sanoid keeps what it listed for 20 minutes, which an hourly run never finds fresh.
  const setClock = (moment: number) => machine.run(['date', '-s', `@${moment}`])
  const ours = () => machine.run([AUTOSNAP, 'run', '--quiet'], LONG)
  const theirs = () => machine.shell('rm -f /var/cache/sanoid/*; sanoid --cron', LONG)
  const counts = async () => {
    const names = await machine.shell(`zfs list -H -t snapshot -o name -r ${ROOT}`, LONG)
    return ['@auto-', '@autosnap_'].map(part => names.split(part).length - 1)
  }
  const all = (DATASETS + 1) * HOURS

  await check('nothing due', async () => {
    await setClock(FIRST + (HOURS - 0.5) * HOUR)
    const watch = await watchCommands(machine, ['/usr/sbin/zfs', '/usr/sbin/zpool'])
    await watch.calm()
    await ours()
    const commands = await watch.commands()
    await watch.remove()
    ok(commands.length <= 3, commands.join('\n'))
    const [our = 0, their = 0] = await inTurns(2, ours, theirs)
    deepStrictEqual(await counts(), [all, all])
    figure({
      title: `nothing due in ${DATASETS} datasets: autosnap run, times as fast as sanoid`,
      value: their / our,
      atLeast: 5,
      from: { autosnapSeconds: our, sanoidSeconds: their, zfsProcesses: commands.length },
    })
  })

  await check('one new and one expired each', async () => {
    await setClock(FIRST + HOURS * HOUR + 300)
    const our = await seconds(ours)
    // As Debian's units do. With --cron it prunes by what it listed before it took new ones, so an hour later.
    const theirs = 'rm -f /var/cache/sanoid/*; sanoid --take-snapshots; sanoid --prune-snapshots'
    const their = await seconds(() => machine.shell(theirs, { timeoutSeconds: 7200 }))
    deepStrictEqual(await counts(), [all, all])
    const names = await machine.shell(`zfs list -H -t snapshot -o name ${ROOT}/i0`)
    ok(!names.includes('20260301T000000Z') && !names.includes('2026-03-01_00:01'), names)
    figure({
      title: `one new and one expired in each of ${DATASETS} datasets: autosnap run, times as fast as sanoid`,
      value: their / our,
      atLeast: 10,
      from: { autosnapSeconds: our, sanoidSeconds: their },
    })
  })
}
