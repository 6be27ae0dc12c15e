/** Instances' writable datasets are filled, their fstab is right, and the mount table agrees with it. */
import { LinkInTheWay } from './core/errors.ts'
import type { PathStatus, Probe } from './core/host.ts'
import { defineModule } from './core/module.ts'
import {
  choice,
  content,
  fileMode,
  flag,
  integer,
  listOf,
  mapping,
  optional,
  record,
  scalar,
  text,
  withDefault,
} from './core/options.ts'
import { listJails } from './freebsd/jls.ts'
import { listMounts } from './freebsd/mount.ts'
import { readSelected } from './freebsd/zfs-selected.ts'
import type { Places } from './rules/instance/look.ts'
import { amendmentsToLookAt, placesToLookAt, planInstances } from './rules/instance/plan.ts'
import type { Place } from './rules/instance/points.ts'
import { requestsOf } from './rules/instance/requests.ts'
import { arrivingAt, DATASET_PROPERTIES, datasetsOf, type Kernel, type World } from './rules/instance/world.ts'
import { DEFAULT_OVERLAYS, DEFAULT_WRITABLE } from './rules/layout.ts'
import { siteOptions } from './rules/site.ts'

const id = "The instance's id, like `web1`: a to z, 0 to 9 and `-`, at most 11 characters."
const state = choice(
  ['present', 'absent'],
  'Whether it shall have mounts. `absent` needs it stopped; its datasets stay, and are removed with M(bluejail.hosting.zfs_dataset).',
)
const options = optional(
  listOf(text('An option.'), 'Options of mount(8): `nosuid`, `noexec`, `noatime`, `nosymfollow`.'),
)

const writable = record(
  {
    path: text('Where in the instance, like `var/db/mysql`.'),
    dataset: optional(text("Its dataset's name below the instance's. Default: the path with `-` for `/`.")),
    options,
  },
  'A writable part, or only its path.',
  'path',
)

const extra = record(
  {
    path: text('Where in the instance.'),
    shared: optional(text("Data shared by several instances: a name below the host's `shared`.")),
    host: optional(text('A file or directory of the host, read-only.')),
    tmpfs: optional(text('Memory of this size, like `64m`.')),
    readonly: optional(flag('The instance cannot write there. Default: false for `shared`, always true for `host`.')),
    options: optional(
      listOf(text('An option.'), 'As of `writable`; for tmpfs also `mode=`, `uid=`, `gid=` and `inodes=`.'),
    ),
  },
  'A mount from one of `shared`, `host` and `tmpfs`.',
)

const firstFile = record(
  {
    path: text('Where in the instance; in a writable part.'),
    content: optional(content('What it shall hold.')),
    variables: optional(
      mapping(
        scalar('A value.'),
        'In place of `content`, variables as of rc.conf(5): true is YES, false is NO, and null leaves one out. What sh(1) would evaluate or could not read is refused.',
      ),
    ),
    link: optional(text('Make it a symbolic link to this, seen from inside.')),
    directory: optional(
      flag('Make it a directory. One that the blueprint does not have is listed before what is in it.'),
    ),
    mode: optional(
      fileMode(
        "Mode of a directory, or of a file that the blueprint does not have, in octal digits. Default: '0755', '0644'.",
      ),
    ),
    uid: optional(integer('Its owner. Default: 0.')),
    gid: optional(integer('Its group. Default: 0.')),
  },
  'A file.',
)

const instance = {
  blueprint: optional(text('The blueprint it runs on. Required for `state=present`.')),
  revision: optional(
    integer('The revision that the blueprint must be at for datasets to be filled from it. Default: any.', 1),
  ),
  writable: optional(
    listOf(
      writable,
      `The parts its customer may write, each a dataset with mountpoint \`legacy\`. Default: ${DEFAULT_WRITABLE.map(({ path }) => `\`${path}\``).join(', ')}.`,
    ),
  ),
  additional_writable: optional(listOf(writable, 'More of them, beside those of `writable` or the default.')),
  overlays: optional(
    listOf(
      text('A path.'),
      `Directories of the blueprint laid read-only over writable parts, so that they always match what is installed. Default: ${DEFAULT_OVERLAYS.map(path => `\`${path}\``).join(', ')}.`,
    ),
  ),
  mounts: optional(listOf(extra, 'Mounts beside these.')),
  first_files: optional(
    listOf(
      firstFile,
      "Files for a dataset that is being filled, in place of the blueprint's or beside them. Once it is filled they are the customer's, and never looked at again.",
    ),
  ),
}

const STATE = {
  running: flag('Whether its jail runs.'),
  blueprint: text('The blueprint it is to run on.'),
  seeded: listOf(text('A path.'), 'Parts that have got their first content.'),
  fstab: listOf(text('A line.'), 'What its fstab says.'),
  leaks: listOf(text('A mount point.'), 'What is mounted below its root although it does not run.'),
  pending: listOf(
    text('A sentence.'),
    'What a restart of the running instance would change, or what stands in its way; and what only a switch will.',
  ),
  problems: listOf(text('A sentence.'), 'Why it was left as it is, where others of the list were seen to.'),
}

export default defineModule({
  name: 'instance_mounts',
  summary: "Instances' datasets are filled, their fstab is right, and nothing is mounted that should not be",
  description: [
    'Writes the fstab by which jail(8) mounts an instance: its blueprint read-only, its writable datasets, overlays from the blueprint, and what else is asked for. It mounts nothing of an instance itself.',
    "Fills each writable dataset from the blueprint once, with owners, modes, flags, ACLs and hard links, and makes the mount points in it. The dataset's property `bluejail:seeded` tells that it is done; nothing is ever written over a customer's files.",
    'Compares with the mount table: what is missing, leaked, mounted twice, hidden or in the wrong order. With the instance stopped, what is left mounted is unmounted, innermost first and never by force. While it runs, its fstab keeps saying what is mounted; what shall be goes to `fstab.next` beside it, and `pending` tells what a restart would change.',
    "When the blueprint has been amended, what that added under an instance's writable parts is added there: with the instance stopped beside it, while it runs through its jail. What is there already stays, and files that an amendment changed wait for a switch.",
    'Every path inside an instance is looked at without following links. A link, or a file in place of a directory, is an error that names it.',
  ],
  notes: [
    'What stands in the way of one instance of a list, such as a link of its customer in place of a mount point, keeps it as it is and nobody else: the others are seen to, and then the task fails.',
    'The datasets, and the blueprint, are made before: with M(bluejail.hosting.zfs_dataset) and M(bluejail.hosting.blueprint_jail).',
    'Another blueprint for an existing instance is refused: its configuration must be merged, by a switch. One that came here from another host, or from a copy, is known by its datasets (`bluejail:blueprint`).',
    'Options of a zfs mount other than `ro` are shown by no mount table; set `setuid` and `exec` on the dataset too.',
  ],
  options: {
    id: optional(text(`${id} Give this or \`instances\`.`)),
    instances: optional(
      listOf(
        record({ id: text(id), state: optional(state), ...instance }, 'An instance.', 'id'),
        'Several instances, each with options of its own. What stands beside the list holds for each that does not say otherwise.',
      ),
    ),
    state: withDefault(state, 'present'),
    ...instance,
    ...siteOptions,
  },
  state: { instances: mapping(record(STATE, 'An instance.'), 'The instances of the task, by id.') },
  examples: {
    'An instance on its blueprint': { id: 'web1', blueprint: '2026Q4-php83' },
    'With a database and shared files': {
      id: 'web1',
      blueprint: '2026Q4-php83',
      additional_writable: ['var/db/mysql'],
      mounts: [
        { path: 'home/files', shared: 'customer1' },
        { path: 'etc/resolv.conf', host: '/etc/resolv.conf' },
        { path: 'var/run', tmpfs: '16m', options: ['noexec', 'mode=755'] },
      ],
    },
    'Several at once': {
      blueprint: '2026Q4-php83',
      instances: ['web1', { id: 'web2', additional_writable: ['var/db/mysql'] }],
    },
    'Another layout': {
      id: 'web1',
      blueprint: '2026Q4-php83',
      writable: ['etc', 'var', 'tmp', { path: 'usr/local/www', dataset: 'www', options: ['nosuid'] }],
      overlays: ['etc/rc.d'],
    },
    'With what it needs to start for the first time': {
      id: 'web1',
      blueprint: '2026Q4-php83',
      first_files: [
        { path: 'etc/rc.conf', variables: { hostname: 'web1.example.net', sshd_enable: true } },
        { path: 'etc/resolv.conf', content: 'nameserver 192.0.2.53\n' },
        { path: 'etc/localtime', link: '/usr/share/zoneinfo/Europe/Amsterdam' },
        { path: 'home/anna', directory: true, mode: '0750', uid: 1001, gid: 1001 },
        { path: 'home/anna/.ssh', directory: true, mode: '0700', uid: 1001, gid: 1001 },
        {
          path: 'home/anna/.ssh/authorized_keys',
          content: 'ssh-ed25519 AAAA anna\n',
          mode: '0600',
          uid: 1001,
          gid: 1001,
        },
      ],
    },
    'No mounts any more': { id: 'web1', state: 'absent' },
  },

  /** Three processes, four where a part has no content yet; the rest are files. */
  async observe(options, machine) {
    const requests = requestsOf(options)
    const [mounts, jails, datasets] = await Promise.all([
      listMounts(machine),
      listJails(machine),
      readSelected(machine, requests.flatMap(datasetsOf), DATASET_PROPERTIES),
    ])
    const awaited = await readSelected(machine, arrivingAt(requests, { mounts, jails, datasets }), ['type'])
    const kernel = { mounts, jails, datasets: new Map([...datasets, ...awaited]) }
    const seen = await look(placesToLookAt(requests, kernel), kernel, machine)
    const { world, places } = amendmentsToLookAt(requests, seen)
    const inside = new Map<string, PathStatus>(world.status)
    await lookAt(places, inside, machine)
    return { ...world, status: inside }
  },

  plan: (options, world, _now, done) => planInstances(requestsOf(options), world, done),
})

async function look(all: readonly Places[], kernel: Kernel, machine: Probe): Promise<World> {
  const status = new Map<string, PathStatus>()
  const texts = new Map<string, string>()
  const names = new Map<string, readonly string[]>()
  await lookAt(
    all.flatMap(one => one.status),
    status,
    machine,
  )
  for (const path of new Set(all.flatMap(one => one.texts))) keep(texts, path, await machine.read(path))
  for (const { path, beneath } of all.flatMap(one => one.names))
    if ((await machine.status(path, beneath))?.type === 'directory')
      keep(names, path, await machine.list(path, beneath).catch(undefinedWhereLinked))
  return { ...kernel, status, texts, names, differences: new Map() }
}

async function lookAt(all: readonly Place[], status: Map<string, PathStatus>, machine: Probe): Promise<void> {
  const places = new Map(all.map(place => [place.path, place]))
  for (const { path, beneath } of places.values()) keep(status, path, await machine.status(path, beneath))
}

/** A customer may put a link there at this very moment: the next look sees it, and jail(8) mounts through none. */
function undefinedWhereLinked(error: unknown): undefined {
  if (!(error instanceof LinkInTheWay)) throw error
}

function keep<T>(into: Map<string, T>, path: string, found: T | undefined): void {
  if (found !== undefined) into.set(path, found)
}
