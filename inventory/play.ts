/**
 * What is asked of the hosts of an inventory, as a playbook: Ansible's own connections and credentials, all hosts side by
 * side, in one process. `raw` needs neither Python nor Node on them, and none of the commands needs root.
 */
import { describeCommand } from '../modules/core/step.ts'
import { JLS } from '../modules/freebsd/jls.ts'
import { MOUNT } from '../modules/freebsd/mount.ts'
import { DEFAULT_SITE, PROPERTY } from '../modules/rules/layout.ts'

/** What the last task of the play says for each host. */
export interface Told {
  readonly instances: readonly Readonly<Record<string, unknown>>[]
  readonly defaults: Readonly<Record<string, unknown>>
  readonly path: string
  /** All groups of the inventory. */
  readonly groups: readonly string[]
  /** The names of the variables that say how the host is reached. Their values may be secret, and stay where they are. */
  readonly connection: readonly string[]
  readonly said: Asked
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

const DATASET = `instance_root | default(hosting_dataset | default('${DEFAULT_SITE.dataset}'))`

/** A document of JSON on the first line and one on the second, then instances' datasets; where there are none, zfs(8) fails. */
const QUESTION = [
  `${describeCommand(JLS)} && echo && ${describeCommand(MOUNT)} && echo &&`,
  `{ zfs list -H -d 1 -t filesystem -o name,${PROPERTY.moved} {{ (${DATASET} ~ '/instances') | quote }} 2> /dev/null || true; }`,
].join(' ')

/** What QUESTION printed; `datasets` are lines of name and PROPERTY.moved. */
export function partsOf(stdout: string): {
  readonly jails: string
  readonly mounts: string
  readonly datasets: string[]
} {
  const [jails = '', mounts = '', ...datasets] = stdout.split('\n').flatMap(line => line.trim() || [])
  return { jails, mounts, datasets }
}

export const PLAY = [
  {
    hosts: 'all',
    gather_facts: false,
    tasks: [
      {
        'ansible.builtin.raw': QUESTION,
        register: 'bluejail_said',
        // Instances that no inventory names are on hosts of the group that playbooks work on.
        when: "instances is defined or 'hosting' in group_names",
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
            'said': bluejail_said
          } | to_json }}`,
        },
      },
    ],
  },
]
