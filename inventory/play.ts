/**
 * What is asked of the hosts of an inventory, as a playbook: Ansible's own connections and credentials, all hosts side by
 * side, in one process. `raw` needs neither Python nor Node on them, and neither command needs root.
 */
import { describeCommand } from '../modules/core/step.ts'
import { JLS } from '../modules/freebsd/jls.ts'
import { MOUNT } from '../modules/freebsd/mount.ts'
import { DEFAULT_SITE } from '../modules/rules/layout.ts'

/** What the last task of the play says for each host. */
export interface Told {
  readonly instances: readonly Readonly<Record<string, unknown>>[]
  readonly defaults: Readonly<Record<string, unknown>>
  readonly path: string
  /** All groups of the inventory. */
  readonly groups: readonly string[]
  /** The names of the variables that say how the host is reached. Their values may be secret, and stay where they are. */
  readonly connection: readonly string[]
  readonly jails: Asked
  readonly mounts: Asked
}

/** What `raw` registers; nothing where it was not run. */
export interface Asked {
  readonly rc?: number
  readonly stdout?: string
  readonly stderr?: string
  readonly msg?: string
  readonly unreachable?: boolean
}

/** As `ssh` of ansible-core 2.16 to 2.19 reads them; but for the login, which is another one inside. */
const CONNECTION =
  '^ansible_(host|port|user|password|timeout|pipelining|private_key.*|host_key_checking|control_path.*|(sftp|scp|ssh|sshpass)_.+)$'

const looking = { ignore_errors: true, ignore_unreachable: true, changed_when: false, no_log: true, check_mode: false }

export const PLAY = [
  {
    hosts: 'all',
    gather_facts: false,
    tasks: [
      {
        'ansible.builtin.raw': describeCommand(JLS),
        register: 'bluejail_jails',
        when: 'instances is defined',
        ...looking,
      },
      {
        'ansible.builtin.raw': describeCommand(MOUNT),
        register: 'bluejail_mounts',
        when: 'bluejail_jails.rc is defined and bluejail_jails.rc == 0',
        ...looking,
      },
      {
        'ansible.builtin.debug': {
          msg: `{{ {
            'instances': instances if 'instances' in hostvars[inventory_hostname] else [],
            'defaults': instance_defaults if 'instance_defaults' in hostvars[inventory_hostname] else {},
            'path': instance_mountpoint | default(hosting_path | default('${DEFAULT_SITE.path}')),
            'groups': groups.keys() | list,
            'connection': hostvars[inventory_hostname] | select('match', '${CONNECTION}') | list,
            'jails': bluejail_jails,
            'mounts': bluejail_mounts
          } | to_json }}`,
        },
      },
    ],
  },
]
