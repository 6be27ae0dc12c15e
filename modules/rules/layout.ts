/** Where everything is: datasets, paths and names of blueprints, instances and what belongs to them. Written here once. */
import { InvalidOptions } from '../core/errors.ts'
import { stamp } from './stamp.ts'

/** The dataset and the path below which a host keeps all of hosting. */
export interface Site {
  readonly dataset: string
  readonly path: string
}

export const DEFAULT_SITE: Site = { dataset: 'zroot/hosting', path: '/hosting' }

/** Version of what we write on hosts. An older one is read, a newer one refused. */
export const FORMAT = 1

/** ZFS user properties, in which a host's own datasets tell what they are. */
export const PROPERTY = {
  format: 'bluejail:format',
  blueprint: 'bluejail:blueprint',
  revision: 'bluejail:revision',
  /** The revision up to which a writable dataset has what amendments added, where `revision` stays behind for a merge. */
  added: 'bluejail:added',
  /** How far a blueprint is: STAGE. */
  stage: 'bluejail:stage',
  /** What a half-built blueprint is to become: a digest of what was asked for. */
  recipe: 'bluejail:recipe',
  /** The sha256 of the base.txz that a blueprint was made from. */
  base: 'bluejail:base',
  /** On the snapshot of a blueprint's revision: why it was amended. */
  reason: 'bluejail:reason',
  instance: 'bluejail:instance',
  /** The part of an instance that a dataset holds: `etc`, `usr/local/etc`. */
  part: 'bluejail:part',
  /** Set once a writable dataset has got its first content from the blueprint. */
  seeded: 'bluejail:seeded',
  /** On an instance's dataset: how long its last switch took it from the network, in milliseconds. */
  outage: 'bluejail:outage',
  /** On an instance's dataset: what its replica has, as the moment in seconds since 1970, a space, and where it is. */
  replica: 'bluejail:replica',
  /** The policy of snapshots that a dataset and those below it have, or `off`. Operators set it. */
  autosnap: 'bluejail:autosnap',
  /** On a dataset that was restored: the guid of the snapshot that it was restored from. */
  restored: 'bluejail:restored',
  /** On a dataset of which files were restored where nothing was: which, and from what (rules/restore/brought.ts). */
  brought: 'bluejail:brought',
  /** On an instance's dataset that was left behind when it went to another host: when, and where to (rules/move/marks.ts). */
  moved: 'bluejail:moved',
  /** On an instance's dataset that came from another host, or from a copy of one that is dead: when, and where from. */
  arrived: 'bluejail:arrived',
} as const

/** Becomes a jail's, a dataset's and, with a prefix, an interface's name: 15 characters at most, no dot, no underscore. */
const INSTANCE_ID = /^[a-z][a-z0-9-]{0,10}$/
const BLUEPRINT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const SHARED_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/

export const isInstanceId = (id: string) => INSTANCE_ID.test(id)

export function checkInstanceId(id: string): string {
  if (isInstanceId(id)) return id
  throw new InvalidOptions(
    `'${id}' cannot be an instance's id: it begins with a letter and has up to 11 characters, of a to z, 0 to 9 and '-' (it becomes the name of a jail, a dataset and interfaces)`,
  )
}

export function checkBlueprintName(name: string): string {
  if (BLUEPRINT_NAME.test(name)) return name
  throw new InvalidOptions(
    `'${name}' cannot be a blueprint's name: it begins with a letter or digit and has up to 63 characters, of letters, digits and . _ - (like 2026Q4-php83)`,
  )
}

export function checkSharedName(name: string): string {
  if (SHARED_NAME.test(name)) return name
  throw new InvalidOptions(
    `'${name}' cannot be the name of shared data: it begins with a letter or digit and has up to 63 characters, of a to z, 0 to 9 and . _ -`,
  )
}

export const blueprintDataset = (site: Site, name: string) => `${site.dataset}/blueprints/${name}`
export const blueprintPath = (site: Site, name: string) => `${site.path}/blueprints/${name}`
/** Inside a blueprint's tree: what it is made of. */
export const MANIFEST = '.blueprint.json'
/** Inside a blueprint's tree: every file of it with its digest. */
export const LISTING = '.blueprint.mtree'
/** Taken when a blueprint is complete; amendments take `@r2`, `@r3` and so on. */
export const COMPLETE = 'complete'
export const snapshotOfRevision = (revision: number) => (revision === 1 ? COMPLETE : `r${revision}`)
/** A blueprint as it was when that revision was complete; the file tree itself may be on its way to the next. */
export const revisionPath = (site: Site, name: string, revision: number) =>
  `${blueprintPath(site, name)}/.zfs/snapshot/${snapshotOfRevision(revision)}`
/** Half-built blueprints are here, where nothing looks for a blueprint. */
export const buildDataset = (site: Site, name: string) => `${site.dataset}/build/${name}`
export const buildPath = (site: Site, name: string) => `${site.path}/build/${name}`
/** What is fetched for blueprints, kept for the next one; no blueprint's name begins with a dot. */
export const cachePath = (site: Site) => `${site.path}/build/.cache`
/** pkg's configuration while it fills a blueprint. */
export const pkgPath = (site: Site, name: string) => `${site.path}/build/.pkg/${name}`

export const sharedDataset = (site: Site, name: string) => `${site.dataset}/shared/${name}`
export const sharedPath = (site: Site, name: string) => `${site.path}/shared/${name}`

export interface InstancePlaces {
  readonly dataset: string
  readonly directory: string
  /** The jail's root: where the blueprint, the writable datasets and the overlays are mounted. */
  readonly root: string
  readonly fstab: string
  /** What the fstab will be after a restart: jail(8) must stop an instance by the file it was started with (fact jail-3). */
  readonly nextFstab: string
  /** Writable datasets are mounted below it, each by its name, while they get their first content or new mount points. */
  readonly seed: string
  /** Of a switch, exactly while one is under way or was cut off. */
  readonly journal: string
  /** The journal of the last switch that came to its end. */
  readonly lastSwitch: string
  readonly jailConf: string
  /** Where a switch puts that while the instance must not be started: under a name that rc.d does not look for. */
  readonly jailConfAside: string
  /** Beside the root, so that no customer reaches it, and in a dataset within the instance's own quota. */
  readonly consoleLog: string
}

/** rc.d looks here for the jails that `jail_list` names (fact jail-2). */
export const INSTANCE_CONFS = '/etc/jail.conf.d'

export function instancePlaces(site: Site, id: string): InstancePlaces {
  const directory = `${site.path}/instances/${id}`
  return {
    dataset: `${site.dataset}/instances/${id}`,
    directory,
    root: `${directory}/root`,
    fstab: `${directory}/fstab`,
    nextFstab: `${directory}/fstab.next`,
    seed: `${directory}/seed`,
    journal: `${directory}/journal.json`,
    lastSwitch: `${directory}/switch.json`,
    jailConf: `${INSTANCE_CONFS}/${id}.conf`,
    jailConfAside: `${INSTANCE_CONFS}/${id}.switching`,
    consoleLog: `${directory}/console.log`,
  }
}

/** Why an instance is left alone while a switch of it is under way, or was cut off. */
export const onItsWay = (id: string, { journal }: InstancePlaces) =>
  `${id}: a switch of it to another blueprint was cut off (${journal}). Bring that to its end first: blueprint_switch with \`state: resumed\`.`

/** The hold by which nobody else destroys the snapshots that switches take. */
export const HOLD = 'bluejail'
/** Taken of all that an instance has, before a switch to another blueprint: `switch-20261122T120000Z`. Its way back. */
export const wayBackName = (now: Date) => `switch-${stamp(now)}`
export const isWayBack = (snapshot: string) => /^switch-\d{8}T\d{6}Z$/.test(snapshot)
/** Taken before an operator's rollback: what that overwrites. No way back, and none goes for it. */
export const overwrittenName = (now: Date) => `rollback-${stamp(now)}`
export const isOverwritten = (snapshot: string) => /^rollback-\d{8}T\d{6}Z$/.test(snapshot)

/** Where the rules of pf's anchors are, one file each: of all bridges together, and of each instance by its id. */
export const FILTER_FOLDER = '/etc/pf.hosting.d'
/** No id has an underscore; and pfctl(8) loads no anchor whose name begins with one (main in sbin/pfctl/pfctl.c). */
export const BRIDGES_RULES = 'all_bridges'
export const anchorOf = (rules: string) => `hosting/${rules}`
export const rulesFile = (rules: string) => `${FILTER_FOLDER}/${rules}.conf`

/** What runs on a host without Ansible: from cron, at boot, by hand. */
export const PROGRAMS = '/usr/local/libexec/bluejail'
export const programPath = (name: string) => `${PROGRAMS}/${name}`
/** What programs are to do, a file each. */
export const PROGRAM_SETTINGS = '/usr/local/etc/bluejail'

/** An epair's two ends: `a` stays on the host, `b` goes into the instance. At most 15 characters (fact jail-7). */
export const epairEnd = (number: number, end: 'a' | 'b', id: string) => `e${number}${end}_${id}`

/** A part of an instance that its customer may write, relative to the root, and the dataset that holds it. */
export interface Writable {
  readonly path: string
  readonly dataset: string
  readonly options: readonly string[]
}

export const writable = (path: string, options: readonly string[] = []): Writable => ({
  path,
  dataset: path.replaceAll('/', '-'),
  options,
})

/** `var/db` is one of its own so that a customer cannot rename it away under the mount of `var/db/pkg` (fact live-5). */
export const DEFAULT_WRITABLE: readonly Writable[] = [
  'etc',
  'usr/local/etc',
  'usr/local/www',
  'var',
  'var/db',
  'home',
  'root',
  'tmp',
].map(path => writable(path, path === 'tmp' ? ['nosuid'] : []))

/** The parts whose files a switch merges; in the others, directories of packages are made. */
export const MERGED_PARTS: readonly string[] = ['etc', 'usr/local/etc']

/** Read-only from the blueprint over writable datasets, so that they always match what is installed. */
export const DEFAULT_OVERLAYS: readonly string[] = ['etc/rc.d', 'etc/defaults', 'usr/local/etc/rc.d', 'var/db/pkg']
