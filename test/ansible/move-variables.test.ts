/** What move.yml makes of what both hosts say of themselves, before anything is stopped. */
import { describe, expect, test } from 'vitest'
import { cores } from '../support/ansible.ts'
import { evaluated } from '../support/variables.ts'

describe.each(cores)('ansible-core %s', core => {
  const unswitched = async (move_changes: object) => {
    const entries = ['a1', 'a2', 'a3', 'a4'].map(id => ({ id, blueprint: '2027Q1-php84' }))
    const instances = {
      a1: { running: true, blueprint: '2027Q1-php84' },
      a2: { running: true, blueprint: '2026Q4-php83', configured_blueprint: '2026Q4-php83' },
      a3: { running: false },
    }
    const told = await evaluated(core, ['move_unswitched'], {
      inventory: { move_known: entries, move_info: { state: { instances } } },
      files: ['playbooks/vars/move.yml'],
      vars: { move_from: 'here', move_to: 'here', move_instances: ['a1', 'a2', 'a3', 'a4'], move_changes },
    })
    return told?.move_unswitched
  }

  test('one that runs on another blueprint than its entry says stays, until that is said', async () => {
    expect(await unswitched({})).toEqual(['a2 (2026Q4-php83, and not 2027Q1-php84)'])
    expect(await unswitched({ blueprint: '2026Q4-php83' })).toEqual(['a1 (2027Q1-php84, and not 2026Q4-php83)'])
  })
})
