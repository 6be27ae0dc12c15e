/** What playbooks and roles make of an inventory's variables. Nothing is asked of any host. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { root } from '../../build/paths.ts'
import { cores } from '../support/ansible.ts'
import { evaluated } from '../support/variables.ts'

interface Play {
  readonly vars?: Record<string, unknown>
  readonly vars_files?: readonly string[]
  readonly roles?: readonly { readonly role: string; readonly vars?: Record<string, unknown> }[]
}

const ROLES = ['host', 'blueprint', 'instance', 'autosnap', 'backup_source']
const VARS = ['fleet.yml', 'move.yml', 'failover.yml', 'restore.yml', 'drill.yml']
const PLAYBOOKS = ['instance_absent', 'prune_blueprints', 'reboot']

/** Each dataset's variable, and that of its mount point. */
const PLACES = {
  ...Object.fromEntries(ROLES.map(name => [`${name}_root`, `${name}_mountpoint`])),
  ...Object.fromEntries(
    ['fleet', 'move', 'failover', 'restore', 'drill', 'prune', 'reboot', 'site'].map(name => [
      `${name}_dataset`,
      `${name}_path`,
    ]),
  ),
}

const playbook = (name: string): Play[] => parse(readFileSync(join(root, 'playbooks', `${name}.yml`), 'utf8'))
describe.each(cores)('ansible-core %s', core => {
  test('what an instance says itself counts more than what is said for all', async () => {
    const inventory = {
      instance_defaults: { blueprint: '2026Q4-php83', timezone: 'UTC' },
      instances: [{ id: 'web1' }, { id: 'web2', blueprint: '2026Q4-php84', timezone: null }],
    }
    expect(await evaluated(core, ['own_instances'], { inventory, files: ['playbooks/vars/instances.yml'] })).toEqual({
      own_instances: [
        { id: 'web1', blueprint: '2026Q4-php83', timezone: 'UTC' },
        { id: 'web2', blueprint: '2026Q4-php84', timezone: null },
      ],
    })
    expect(
      await evaluated(core, ['own_instances'], { inventory: {}, files: ['playbooks/vars/instances.yml'] }),
    ).toEqual({ own_instances: [] })
  })

  test('site.yml builds what this host’s instances run on, whether they say it themselves or not', async () => {
    const [play] = playbook('site')
    const wanted = play?.roles?.find(one => one.role === 'bluejail.hosting.blueprint')?.vars
    const inventory = {
      blueprints: ['2026Q4-php83', '2026Q4-php84', '2026Q4-bare'].map(name => ({ name })),
      instance_defaults: { blueprint: '2026Q4-php83' },
      instances: [{ id: 'web1' }, { id: 'web2', blueprint: '2026Q4-php84' }],
    }
    const variables = {
      inventory,
      files: (play?.vars_files ?? []).map(file => join('playbooks', file)),
      vars: { ...play?.vars, ...wanted },
    }
    expect(await evaluated(core, ['blueprint_blueprints'], variables)).toEqual({
      blueprint_blueprints: [{ name: '2026Q4-php83' }, { name: '2026Q4-php84' }],
    })
  })

  test('an instance is half restored where a dataset awaits its place that nothing is in, or where nobody can tell', async () => {
    const isHalf = async (names: readonly string[], more: object = {}) => {
      const restore_there = { rc: 0, stdout: '', stderr: '', stdout_lines: names, ...more }
      const given = { inventory: {}, files: ['playbooks/vars/restore.yml'], vars: { restore_there } }
      return (await evaluated(core, ['restore_is_half'], given))?.restore_is_half
    }
    expect(await isHalf(['zroot/i/web1', 'zroot/i/web1/etc', 'zroot/i/web1/etc-restoring'])).toBe(false)
    expect(
      await isHalf(['zroot/i/web1', 'zroot/i/web1/etc-before-20261122T120000Z', 'zroot/i/web1/etc-restoring']),
    ).toBe(true)
    expect(await isHalf([], { rc: 1, stderr: "cannot open 'zroot/i/web1': dataset does not exist" })).toBe(false)
    expect(await isHalf([], { rc: 1, stderr: 'zfs: no' })).toBe(true)
  })

  test('limits are asked for of each instance, also where nothing is said, so that those of before are lifted', async () => {
    const vars = {
      instance_instances: [{ id: 'web1' }, { id: 'web2', cpus: '0-1', limits: { maxproc: null, nthr: 9 } }],
      instance_defaults: { limits: { swapuse: '2G' } },
    }
    const files = ['roles/instance/defaults/main.yml', 'roles/instance/vars/main.yml']
    const limited = (given: object) =>
      evaluated(core, ['instance_limited'], { inventory: {}, files, vars: { instance_filled: {}, ...given } })
    expect((await limited(vars))?.instance_limited).toEqual([
      { jail: 'web1', limits: { swapuse: '2G' } },
      { jail: 'web2', cpus: '0-1', limits: { maxproc: null, nthr: 9 } },
    ])
    expect(await limited({ instance_instances: [{ id: 'web1' }] })).toEqual({
      instance_limited: ['web1'],
    })
  })

  test('failover: by the last of its marks, here and on its copy, an instance belongs to the dead host or elsewhere', async () => {
    const [t1, t2, t3] = [1, 2, 3].map(day => `2026112${day}T120000Z`)
    // What is here of it, and its copy, by the marks `arrived` and `moved`.
    const seen: Record<string, readonly [here: string | undefined, copy: string | undefined]> = {
      never_moved: [undefined, '-\t-'],
      not_copied: [undefined, undefined],
      runs_here: [`${t2} north\t-`, `-\t${t2} here`],
      half_restored: [`${t2} north restoring\t-`, '-\t-'],
      went_back: [`${t1} north\t${t2} north`, `-\t${t1} here`],
      came_round: [`${t1} north\t${t2} west`, `${t3} west\t-`],
      went_on: [undefined, `-\t${t1} west`],
      went_on_from_here: [`${t1} north\t${t2} west`, `-\t${t1} here`],
      back_and_on: [`${t1} north\t${t2} north`, `${t2} here\t${t3} west`],
      on_its_way: [undefined, `${t1} west unfinished\t-`],
      came_and_gone: [undefined, `-\t${t1} here`],
      overridden: [`${t2} north restoring\t-`, `-\t${t1} west`],
    }
    const listed = (top: string, which: 0 | 1) => ({
      stdout_lines: [
        `${top}\t-\t-`,
        ...Object.entries(seen).flatMap(([id, marks]) =>
          marks[which] === undefined ? [] : [`${top}/${id}\t${marks[which]}`],
        ),
      ],
    })
    const vars = {
      failover_from: 'north',
      failover_here: [],
      failover_there: Object.keys(seen).map(id => ({ id })),
      failover_listed: listed('zroot/hosting/instances', 0),
      failover_copies_listed: listed('zroot/copies/north/instances', 1),
    }
    const files = ['playbooks/vars/failover.yml']
    expect(await evaluated(core, ['failover_done', 'failover_elsewhere'], { inventory: {}, files, vars })).toEqual({
      failover_done: ['runs_here'],
      failover_elsewhere: [
        `back_and_on to west (${t3})`,
        `came_and_gone to here (${t1})`,
        `on_its_way to west (${t1})`,
        `overridden to west (${t1})`,
        `went_on to west (${t1})`,
        `went_on_from_here to west (${t2})`,
      ],
    })
  })

  describe('where everything lives is said once, by the names that modules have for it', () => {
    const places = Object.entries(PLACES)
    const files = [
      ...ROLES.map(name => `roles/${name}/defaults/main.yml`),
      ...VARS.map(name => `playbooks/vars/${name}`),
    ]
    const vars = Object.assign({}, ...PLAYBOOKS.map(name => playbook(name)[0]?.vars))

    test.each([
      ['nowhere', {}, ['zroot/hosting', '/hosting']],
      ['for all', { hosting_dataset: 'tank/hosting', hosting_path: '/srv' }, ['tank/hosting', '/srv']],
    ])('%s', async (_, inventory, [dataset, path]) => {
      const told = await evaluated(core, places.flat(), { inventory, files, vars })
      expect(told).toEqual(
        Object.fromEntries(
          places.flatMap(([one, other]) => [
            [one, dataset],
            [other, path],
          ]),
        ),
      )
    })
  })
})
