/** The acceptance cases of zfs_dataset, the very same that a sandbox host and a FreeBSD host see. */
import { acceptanceCases } from '../acceptance/cases.ts'
import { judge } from '../acceptance/judge.ts'
import { playbookOf } from '../acceptance/play.ts'
import type { Suite } from './bench.ts'
import { play } from './playbook.ts'

export const datasets: Suite = async ({ machine, check }) => {
  const cases = acceptanceCases().filter(({ module }) => module === 'zfs_dataset')
  await machine.run(['zfs', 'create', 'zroot/scratch'])
  const rows = await play(machine, playbookOf(cases), { vars: { bluejail_test_dataset: 'zroot/scratch' } })
  for (const { title, faults } of judge(cases, rows))
    await check(title, async () => {
      if (faults.length > 0) throw new Error(faults.join('\n'))
    })
}
