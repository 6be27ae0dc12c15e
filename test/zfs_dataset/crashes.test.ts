/** The power goes after any change: the next run finishes the work, and ends where an undisturbed one does. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PowerCut } from '../imitation/faults.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { converged } from './support.ts'

const host = () =>
  fakeFreeBSD({
    pools: { zroot: {} },
    datasets: {
      'zroot/old': { atime: 'off' },
      'zroot/old/below': {},
      'zroot/gone': {},
      'zroot/kept': { quota: '10G' },
    },
    commands: [['zfs', 'snapshot', 'zroot/old@s', 'zroot/gone@s']],
  })

const compression = fc.constantFrom('lz4', 'zstd', 'gzip-6', null)
const tasks = fc.record({
  properties: fc.record({ compression }),
  datasets: fc
    .subarray([
      { name: 'zroot/new', renamed_from: 'zroot/old', properties: { atime: 'on' } },
      { name: 'zroot/new/below', properties: { recordsize: '16K' } },
      { name: 'zroot/a/b/c', parents: true, mode: '0700' },
      { name: 'zroot/kept', properties: { quota: '20G' }, mounted: false },
      { name: 'zroot/gone', state: 'absent', recursive: true, properties: {} },
    ])
    .filter(
      datasets =>
        datasets.some(({ name }) => name === 'zroot/new') ||
        !datasets.some(({ name }) => name.startsWith('zroot/new/')),
    ),
})

/** What the host is like, without what differs by time alone. */
const looks = (machine: ReturnType<typeof host>) =>
  machine.outside(
    'zfs',
    'get',
    '-Hp',
    '-r',
    '-o',
    'name,property,value,source',
    'type,compression,atime,quota,recordsize',
    'zroot',
  ).stdout

test('a cut of the power after any number of changes is made good by the next run', async () => {
  await fc.assert(
    fc.asyncProperty(tasks, fc.nat({ max: 8 }), async (task, changes) => {
      const undisturbed = host()
      await converged(undisturbed, task)

      const cut = host()
      cut.machine.cutPowerAfter(changes + 1)
      const died = await converged(cut, task).then(
        () => false,
        error => error instanceof PowerCut || error.cause instanceof PowerCut,
      )
      if (died) cut.boot()
      await converged(cut, task)
      expect(looks(cut)).toBe(looks(undisturbed))
      expect(await converged(cut, task)).toMatchObject({ changed: false })
    }),
    { numRuns: 60 },
  )
})
