/** ZFS datasets: there with these properties, or not there. */
import type { Probe } from './core/host.ts'
import { defineModule } from './core/module.ts'
import {
  choice,
  fileMode,
  flag,
  listOf,
  mapping,
  optional,
  record,
  scalar,
  secret,
  text,
  withDefault,
} from './core/options.ts'
import { listMounts } from './freebsd/mount.ts'
import { type Dataset, listBelow, listSnapshots, readAltroots, readHolds } from './freebsd/zfs.ts'
import { readDatasets } from './freebsd/zfs-datasets.ts'
import { planDatasets } from './rules/dataset/plan.ts'
import { looksRelocated } from './rules/dataset/properties.ts'
import { ancestorsOf, formerNames, type Request, requestsOf, reservingNames } from './rules/dataset/requests.ts'
import { datasetsToMeasure, MEASURES, propertiesToRead } from './rules/dataset/selection.ts'

const STATES = ['present', 'absent'] as const
const SETTINGS = ['own', 'effective'] as const
const name = 'Name of a filesystem or volume, without a leading slash, like `zroot/hosting/instances`.'
const state = choice(STATES, 'Whether it shall exist.')
const settings = choice(
  SETTINGS,
  '`own`: a property that can be inherited must be set on the dataset itself. `effective`: its value counts, wherever it comes from.',
)

const dataset = {
  type: optional(
    choice(
      ['filesystem', 'volume'],
      'What to create. A dataset of the other type is refused. Follows from `volsize`, else `filesystem`.',
    ),
  ),
  properties: optional(
    mapping(
      scalar('A value.'),
      'Properties of zfsprops(7) and of your own (with a colon). Values may be written as people do: `16K`, `1.5T`, `none`, true for `on`. Null or `inherit` takes the value from the parent. Properties that are not listed are left alone.',
    ),
  ),
  origin: optional(
    text('Create it as a clone of this snapshot, like `zroot/a@b`. An existing dataset must be a clone of it.'),
  ),
  promoted: optional(flag('A clone shall no longer depend on its origin (zfs promote).')),
  renamed_from: optional(text('Rename this dataset, with all below it, if it exists and `name` does not.')),
  parents: optional(flag('Create missing datasets above it, with inherited properties. Default: false.')),
  reserved_by: optional(
    text(
      'An ending of names, like `-restoring`. A dataset of this name with that ending is to take its place: while that is there, and this one is not, none is made, and it is told.',
    ),
  ),
  sparse: optional(flag('A volume reserves no space (true) or all it can need (false). Default when creating: false.')),
  mounted: optional(flag('Mount or unmount a filesystem whose mountpoint is a path. Default: as ZFS does by itself.')),
  mode: optional(
    fileMode(
      "Mode of the mounted filesystem's own directory, in octal digits like '0700'. The path to it must be root's own.",
    ),
  ),
  key: optional(
    secret(
      'Passphrase, or key in hex, given to ZFS on standard input: when an encrypted dataset is created, and when its key is not loaded.',
    ),
  ),
  recursive: optional(
    flag(
      'With `state=absent`, also destroy children, snapshots and mounted file trees. Clones elsewhere and held snapshots always forbid it. Default: false.',
    ),
  ),
  allow_shrink: optional(flag('A volume may become smaller, which cuts off what is at its end. Default: false.')),
}

export default defineModule({
  name: 'zfs_dataset',
  summary: 'ZFS datasets exist with these properties, or do not exist',
  description: [
    'One dataset (`name`) or many (`datasets`), read in one process however many they are. Parents are created before their children, and equal changes go out in one command.',
    'Values are compared as ZFS stores them, so `16K` and `16384`, `none` and `0`, or `gzip` and `gzip-6` are the same and nothing is set again.',
    'Whatever can be refused is refused before the first change: unknown properties and values, properties that are fixed at creation, a quota below what is used, datasets with children, snapshots, clones or holds.',
  ],
  notes: [
    'Never runs `zfs destroy -R` and never unmounts by force.',
    'Needs root, or the permissions of zfs-allow(8) and a lock file (/var/run/bluejail.lock) that may be written.',
  ],
  options: {
    name: optional(text(`${name} Give this or \`datasets\`.`)),
    datasets: optional(
      listOf(
        record(
          { name: text(name), state: optional(state), ...dataset, settings: optional(settings) },
          'A dataset, or only its name.',
          'name',
        ),
        'Several datasets, each with options of its own. What stands beside the list holds for each that does not say otherwise; `properties` are put together.',
      ),
    ),
    state: withDefault(state, 'present'),
    ...dataset,
    settings: withDefault(settings, 'own'),
  },
  state: {
    datasets: mapping(
      mapping(text('A value.'), 'What the task spoke of, as ZFS has it; sizes in bytes.'),
      'The datasets of the task that exist, by name.',
    ),
  },
  examples: {
    'A dataset for a database': {
      name: 'zroot/hosting/instances/vpro0048/var-db-mysql',
      parents: true,
      properties: {
        recordsize: '16K',
        primarycache: 'metadata',
        logbias: 'throughput',
        mountpoint: 'legacy',
        quota: '20G',
      },
    },
    'Several at once': {
      properties: { atime: false, mountpoint: 'none' },
      datasets: [
        'zroot/hosting',
        { name: 'zroot/hosting/instances', properties: { mountpoint: '/hosting/instances' }, mode: '0700' },
        { name: 'zroot/hosting/blueprints', properties: { mountpoint: '/hosting/blueprints', compression: 'zstd' } },
      ],
    },
    'A sparse volume for a virtual machine': { name: 'zroot/vm0', properties: { volsize: '20G' }, sparse: true },
    'Back to the inherited value': { name: 'zroot/tuned', properties: { compression: null } },
    'An encrypted dataset': {
      name: 'zroot/secret',
      properties: { encryption: 'aes-256-gcm', keyformat: 'passphrase' },
      key: 'correct horse battery staple',
    },
    'A clone of a snapshot': { name: 'zroot/copy', origin: 'zroot/tuned@yesterday' },
    'Another name': { name: 'zroot/renamed', renamed_from: 'zroot/tuned' },
    'Gone, with its snapshots': { name: 'zroot/tuned', state: 'absent', recursive: true },
  },

  /** One `zfs get` for all; more is read only where something asks for it. */
  async observe(options, machine) {
    const requests = requestsOf(options)
    const datasets = await readDatasets(
      machine,
      namesToRead(requests),
      requests.flatMap(({ properties }) => Object.keys(properties)),
      propertiesToRead(requests),
    )
    for (const [name, { properties }] of await readDatasets(
      machine,
      datasetsToMeasure(requests, datasets),
      [],
      MEASURES,
    ))
      addProperties(datasets, name, properties)
    const reserving = reservingNames(requests, datasets)
    const leaving = requests
      .filter(({ name, state }) => state === 'absent' && datasets.has(name))
      .map(({ name }) => name)
    const below = leaving.length === 0 ? [] : await listBelow(machine, leaving)
    const held = below.filter(({ holds }) => holds > 0).map(({ name }) => name)
    const origins = requests.flatMap(({ name, origin }) => (origin === undefined || datasets.has(name) ? [] : [origin]))

    return {
      datasets,
      reserving: new Set((await readDatasets(machine, reserving, [], [])).keys()),
      below,
      holds: await readHolds(machine, held),
      mounts: below.some(({ mounted }) => mounted) ? await listMounts(machine) : [],
      snapshots: await listSnapshots(machine, origins),
      altroots: isRelocated(requests, datasets) ? await readAltroots(machine, [...datasets.keys()]) : new Map(),
      modes: await readModes(requests, datasets, machine),
    }
  },

  plan: (options, seen) => planDatasets(requestsOf(options), seen),
})

function addProperties(datasets: Map<string, Dataset>, name: string, more: Dataset['properties']): void {
  const dataset = datasets.get(name)
  if (dataset !== undefined) datasets.set(name, { ...dataset, properties: new Map([...dataset.properties, ...more]) })
}

/** Each dataset, what it may be renamed or cloned from, and all above it: values are inherited, and parents must exist. */
function namesToRead(requests: readonly Request[]): string[] {
  const formerName = formerNames(requests)
  const named = requests.flatMap(({ name, origin, renamed_from }) => [
    name,
    formerName(name),
    ...(renamed_from === undefined ? [] : [renamed_from]),
    ...(origin === undefined ? [] : [origin.split('@', 1)[0] ?? '']),
  ])
  return [...new Set(named.flatMap(name => [...ancestorsOf(name), name]))]
}

function isRelocated(requests: readonly Request[], datasets: ReadonlyMap<string, Dataset>): boolean {
  return requests.some(({ name, properties }) => {
    const dataset = datasets.get(name)
    const value = properties.mountpoint
    return (
      dataset !== undefined && typeof value === 'string' && looksRelocated({ property: 'mountpoint', value }, dataset)
    )
  })
}

async function readModes(
  requests: readonly Request[],
  datasets: ReadonlyMap<string, Dataset>,
  machine: Probe,
): Promise<Map<string, number>> {
  const modes = new Map<string, number>()
  const formerName = formerNames(requests)
  for (const { name, mode } of requests) {
    const properties = (datasets.get(name) ?? datasets.get(formerName(name)))?.properties
    if (mode === undefined || properties?.get('mounted')?.value !== 'yes') continue
    const path = properties.get('mountpoint')?.value ?? ''
    const status = await machine.status(path)
    if (status?.type === 'directory') modes.set(path, status.mode)
  }
  return modes
}
