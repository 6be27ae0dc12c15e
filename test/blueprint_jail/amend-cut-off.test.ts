/** An amendment that is cut off at any step: the blueprint is what it was, or the next revision, and never stuck. */
import { beforeAll, describe, expect, test } from 'vitest'
import { undoingOf } from '../../modules/rules/blueprint/put-back.ts'
import { PowerCut } from '../imitation/faults.ts'
import { applied, checked, hostingHost, property, refusal } from '../support/blueprint-host.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { PACKAGES } from '../support/package-site.ts'
import { amendment, dataset, inUse, looks, NEWER, offer, root, web } from './amended.ts'

/** The power goes after so many changes. */
async function cutOff(changes: number): Promise<FakeHost> {
  const host = await inUse()
  host.machine.cutPowerAfter(changes)
  await applied(host, amendment).catch(error => expect(error.cause ?? error).toBeInstanceOf(PowerCut))
  host.boot()
  host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
  return host
}

/** The run ended before this step: by default its packages are installed, and nothing is sealed yet. */
async function halfAmended(before = (words: readonly string[]) => words.includes('shell')): Promise<FakeHost> {
  const host = await inUse()
  const perform = host.perform
  host.perform = async step => {
    if (step.kind === 'run' && before(step.command)) throw new PowerCut()
    await perform(step)
  }
  await applied(host, amendment).catch(() => {})
  host.perform = perform
  return host
}

const stageOf = (host: FakeHost) => property(host, 'bluejail:stage', dataset)

describe('the power goes after any step of an amendment', () => {
  let changes: number[]
  let before: ReturnType<typeof looks>
  let after: ReturnType<typeof looks>
  beforeAll(async () => {
    const host = await inUse()
    before = looks(host)
    changes = (await applied(host, amendment)).steps.map((_, index) => index + 1)
    after = looks(host)
  })

  test('the same task finishes it, as it foretells', async () => {
    for (const each of changes) {
      const host = await cutOff(each)
      const foretold = await checked(host, amendment)
      expect((await applied(host, amendment)).steps, `cut after ${each}`).toEqual(foretold.steps)
      expect(looks(host), `cut after ${each}`).toEqual(after)
      expect(await applied(host, amendment)).toMatchObject({ changed: false })
    }
  })

  test('a task without it finds the blueprint as it was, or the whole revision', async () => {
    const seen = new Set<string>()
    for (const each of changes) {
      const host = await cutOff(each)
      const isWhole = property(host, 'type', `${dataset}@r2`) === 'snapshot'
      const wanted = isWhole ? { ...web, packages: ['php83', 'php83-gd'] } : web
      seen.add(stageOf(host))
      if (stageOf(host) === 'complete') continue
      const foretold = await checked(host, wanted)
      expect((await applied(host, wanted)).steps, `cut after ${each}`).toEqual(foretold.steps)
      expect(looks(host), `cut after ${each}`).toEqual(isWhole ? after : before)
      expect(await applied(host, { ...wanted, verify: true })).toMatchObject({ changed: false, warnings: [] })
    }
    expect([...seen].sort()).toEqual(['amending', 'complete', 'sealing'])
  })

  test('and the repository moves on: the amendment is refused, and the blueprint is as it was', async () => {
    for (const each of changes) {
      const host = await cutOff(each)
      if (stageOf(host) !== 'amending') continue
      offer(host, NEWER)
      expect(await refusal(host, amendment), `cut after ${each}`).toMatch(
        /stays as it is: .*php83: 8\.3\.14 -> 8\.3\.15/,
      )
      expect(looks(host), `cut after ${each}`).toEqual(before)
    }
  })

  test('and again after any step of putting it back', async () => {
    const { steps } = await applied(await halfAmended(), web)
    for (const each of steps.keys()) {
      const host = await halfAmended()
      host.machine.cutPowerAfter(each + 1)
      await applied(host, web).catch(error => expect(error.cause ?? error).toBeInstanceOf(PowerCut))
      host.boot()
      host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
      await applied(host, web)
      expect(looks(host), `cut after ${each + 1}`).toEqual(before)
      expect(await applied(host, { ...web, verify: true })).toMatchObject({ warnings: [] })
    }
  })
})

describe('a half amended blueprint', () => {
  test('is put back by what differs alone, and never by a rollback', async () => {
    const host = await halfAmended()
    host.outside('zfs', 'snapshot', `${dataset}@daily`)
    const { steps, warnings, msg } = await applied(host, web)
    expect(warnings).toEqual(['2026Q4-php83 was left half amended, and is made again what it was at revision 1.'])
    expect(msg).toBe('the blueprint 2026Q4-php83: put right')
    expect(steps).toEqual([
      `zfs set readonly=off bluejail:stage=amending ${dataset}`,
      expect.stringMatching(/^rm -d -f .*php83-gd\.txt \S*\/php83-gd .*rc\.d\/php83_gd/),
      expect.stringMatching(
        /^tar -cf - --no-recursion -C \S*\/\.zfs\/snapshot\/complete \.\/var\/db\/pkg\/local\.sqlite \|/,
      ),
      `zfs set readonly=on bluejail:stage=complete ${dataset}`,
      expect.stringMatching(/^logger .*revision 1 is put back/),
    ])
    expect(steps.join()).not.toMatch(/rollback|nginx|php83\.txt/)
    expect(host.tree.read('/hosting/instances/web1/root/usr/local/etc/rc.d/php83')).toBe('#!/bin/sh\n')
    expect(property(host, 'type', `${dataset}@daily`)).toBe('snapshot')
  })

  test('that has devices mounted is put back, and they go', async () => {
    const host = await halfAmended(words => words.includes('-y') && words.includes(root))
    expect((await applied(host, web)).steps[0]).toBe(`umount ${root}/dev`)
    expect(host.machine.state.mounts.filter(({ fstype }) => fstype === 'devfs')).toEqual([])
    expect(await applied(host, { ...web, verify: true })).toMatchObject({ changed: false, warnings: [] })
  })

  test('is not taken for one that a differing task may have: nothing is touched', async () => {
    const host = await halfAmended()
    const before = looks(host)
    expect(await refusal(host, { ...web, packages: ['nginx'] })).toMatch(/it was made without nginx/)
    expect(looks(host)).toEqual(before)
  })

  test('whose last revision is gone is refused, with the way out', async () => {
    const host = await halfAmended()
    host.outside('zfs', 'destroy', `${dataset}@complete`)
    expect(await refusal(host, web)).toMatch(/is half amended, and what it was is not there: its snapshot @complete/)
  })

  test('goes when it shall be absent', async () => {
    const host = await halfAmended()
    host.outside('umount', '/hosting/instances/web1/root')
    await applied(host, { name: web.name, state: 'absent' })
    expect(property(host, 'type', dataset)).toBe('')
  })
})

describe('what makes a tree the same as it was', () => {
  const listing = (entries: Record<string, string>) => new Map(Object.entries(entries))
  const sealed = listing({
    '.': 'mode=0755 type=dir',
    './dev': 'mode=0755 type=dir',
    './etc': 'mode=0755 type=dir',
    './etc/a\\040b': 'sha256digest=1 type=file',
    './var': 'mode=0755 type=dir',
    './var/x': 'type=dir',
  })

  test.each<[string, Record<string, string>, Partial<ReturnType<typeof undoingOf>>]>([
    ['nothing', {}, {}],
    ['devices that are mounted', { './dev': 'mode=0555 type=dir', './dev/null': 'type=char' }, {}],
    ['another content', { './etc/a\\040b': 'sha256digest=2 type=file' }, { copied: ['etc/a b'] }],
    ['another mode of the root directory', { '.': 'mode=0700 type=dir' }, { copied: ['.'] }],
    [
      'a new directory with files, one of them with schg',
      { './usr': 'type=dir', './usr/a': 'type=file', './usr/b': 'flags=schg,uarch type=file' },
      { removed: ['usr/b', 'usr/a', 'usr'], held: ['usr/b'] },
    ],
    ['a link in place of a directory', { './var/x': 'link=/ type=link' }, { removed: ['var/x'], copied: ['var/x'] }],
    [
      'a directory with a file in place of a file',
      { './etc/a\\040b': 'type=dir', './etc/a\\040b/c': 'type=file' },
      { removed: ['etc/a b/c', 'etc/a b'], copied: ['etc/a b'] },
    ],
  ])('%s', (_, changes, expected) => {
    const present = new Map([...sealed, ...Object.entries(changes)])
    expect(undoingOf(sealed, present)).toEqual({ removed: [], held: [], copied: [], ...expected })
  })

  test('what is gone', () => {
    const present = new Map([...sealed].filter(([path]) => !path.startsWith('./var')))
    expect(undoingOf(sealed, present)).toEqual({ removed: [], held: [], copied: ['var', 'var/x'] })
  })
})

describe('the power goes after any step', () => {
  test('of a build with packages: the same task finishes it', async () => {
    const undisturbed = hostingHost()
    offer(undisturbed, PACKAGES)
    const building = await applied(undisturbed, web)
    const built = looks(undisturbed)
    for (let changes = 1; changes <= building.steps.length; changes += 1) {
      const host = hostingHost()
      offer(host, PACKAGES)
      host.machine.cutPowerAfter(changes)
      await applied(host, web).catch(error => expect(error.cause ?? error).toBeInstanceOf(PowerCut))
      host.boot()
      host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
      await applied(host, web)
      expect(looks(host), `cut after ${changes}`).toEqual(built)
    }
  })
})
