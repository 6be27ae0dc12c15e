/** Cases as a playbook: each is checked, run, and run again; what came of it is judged afterwards (judge.ts). */
import { collectionName } from '../../build/package.ts'
import type { Case } from './cases.ts'

export const SCRATCH = 'bluejail-acceptance'

/** Which case a task belongs to and what it is for, as its name carries them. */
export type Role = 'before' | 'check' | 'run' | 'again' | 'prints' | 'prints_on_freebsd'
export const taskName = (index: number, role: Role, part = 0) => `${index} ${role} ${part}`

export const INVENTORY_TASK = 'the inventory names bluejail_test_dataset'
export const SCRATCH_TASK = 'a scratch dataset is made'
export const CLEANUP_TASK = 'the scratch dataset is destroyed'
export const BEFORE_TASK = 'what is there before'
export const AFTER_TASK = 'what is there after'

/** What a sandbox host prints in place of what it cannot tell. */
export const NOT_HERE = 'not on a sandbox host'

/** After a task of theirs. */
export const ROLES_FAILED = 'roles failed'

/** A login may print something of its own first. */
export const OUTPUT_MARK = 'output follows:'
const raw = (line: string) => ({ 'ansible.builtin.raw': `echo '${OUTPUT_MARK}'; ${line}`, changed_when: false })
const listing = raw('zfs list -H -r -t all -o name {{ bluejail_test_dataset }}')
const dataset = `${collectionName}.zfs_dataset`

export function playbookOf(cases: readonly Case[]): object[] {
  return [
    {
      name: 'Acceptance',
      hosts: 'all',
      gather_facts: false,
      vars: { ansible_pipelining: true, scratch: `{{ bluejail_test_dataset }}/${SCRATCH}` },
      tasks: [
        { name: INVENTORY_TASK, 'ansible.builtin.assert': { that: 'bluejail_test_dataset is defined' } },
        { name: BEFORE_TASK, ...listing },
        {
          block: [
            { name: SCRATCH_TASK, [dataset]: { name: '{{ scratch }}', properties: { compression: 'gzip' } } },
            ...cases.flatMap(tasksOf),
          ],
          always: [
            { name: CLEANUP_TASK, [dataset]: { name: '{{ scratch }}', state: 'absent', recursive: true } },
            { name: AFTER_TASK, ...listing },
          ],
        },
      ],
    },
  ]
}

function tasksOf(one: Case, index: number): object[] {
  const command = (role: Role) => (line: string, part: number) => ({
    name: taskName(index, role, part),
    ...raw(line),
    ignore_errors: true,
  })
  const module = (role: Role, more: object) =>
    one.roles === undefined
      ? {
          name: taskName(index, role),
          [`${collectionName}.${one.module}`]: one.options,
          ignore_errors: true,
          ...more,
        }
      : inRoles(taskName(index, role), one.roles, more)
  return [
    ...(one.before ?? []).map(command('before')),
    module('check', { check_mode: true, diff: true }),
    module('run', { diff: true }),
    ...(one.fails === undefined ? [module('again', {})] : []),
    ...Object.keys(one.prints ?? {}).map(command('prints')),
    ...Object.keys(one.prints_on_freebsd ?? {})
      .map(line => `if [ -d /.sandbox ]; then echo '${NOT_HERE}'; else { ${line}; }; fi`)
      .map(command('prints_on_freebsd')),
  ]
}

/** Their tasks come behind one of this name. One that fails ends the roles, and not the play. */
const inRoles = (name: string, roles: NonNullable<Case['roles']>, apply: object) => ({
  block: [
    { name, 'ansible.builtin.debug': { msg: 'roles' } },
    ...roles.map(role => ({
      'ansible.builtin.include_role': { name: `${collectionName}.${role.name}`, apply },
      vars: role.vars,
    })),
  ],
  rescue: [{ name: ROLES_FAILED, 'ansible.builtin.debug': { msg: 'failed' } }],
})
