/** What an instance_mounts task asks for, one request an instance, with everything that can be wrong with the words alone. */
import { InvalidOptions } from '../../core/errors.ts'
import type { Scalar } from '../../core/options.ts'
import { isWithin } from '../../freebsd/mount.ts'
import { RC_CONF } from '../../freebsd/rc-conf.ts'
import { datasetNameProblem } from '../../freebsd/zfs-names.ts'
import {
  checkBlueprintName,
  checkInstanceId,
  checkSharedName,
  DEFAULT_OVERLAYS,
  DEFAULT_WRITABLE,
  type InstancePlaces,
  instancePlaces,
  type Site,
  type Writable,
} from '../layout.ts'
import { oneOrList, refuseRepeated, withoutUndefined } from '../listed.ts'
import { siteOf } from '../site.ts'
import type { FirstFile } from './first.ts'

export interface WritableOptions {
  readonly path: string
  readonly dataset?: string | undefined
  readonly options?: readonly string[] | undefined
}

export interface ExtraOptions {
  readonly path: string
  readonly shared?: string | undefined
  readonly host?: string | undefined
  readonly tmpfs?: string | undefined
  readonly readonly?: boolean | undefined
  readonly options?: readonly string[] | undefined
}

export interface FirstFileOptions {
  readonly path: string
  readonly content?: string | undefined
  readonly variables?: Readonly<Record<string, Scalar>> | undefined
  readonly link?: string | undefined
  readonly directory?: boolean | undefined
  readonly mode?: number | undefined
  readonly uid?: number | undefined
  readonly gid?: number | undefined
}

/** The options that an instance of the list and the task itself have alike. */
export interface InstanceOptions {
  readonly state?: 'present' | 'absent' | undefined
  readonly blueprint?: string | undefined
  readonly revision?: number | undefined
  readonly writable?: readonly WritableOptions[] | undefined
  readonly additional_writable?: readonly WritableOptions[] | undefined
  readonly overlays?: readonly string[] | undefined
  readonly mounts?: readonly ExtraOptions[] | undefined
  readonly first_files?: readonly FirstFileOptions[] | undefined
}

export interface TaskOptions extends InstanceOptions {
  readonly id?: string | undefined
  readonly instances?: readonly ({ readonly id: string } & InstanceOptions)[] | undefined
  readonly hosting_dataset?: string | undefined
  readonly hosting_path?: string | undefined
}

export type Source =
  | { readonly kind: 'shared'; readonly name: string }
  | { readonly kind: 'host'; readonly path: string }
  | { readonly kind: 'tmpfs'; readonly size: string }

export interface Extra {
  readonly path: string
  readonly source: Source
  readonly options: readonly string[]
}

export interface Request {
  readonly id: string
  readonly site: Site
  readonly places: InstancePlaces
  readonly state: 'present' | 'absent'
  /** Empty where the instance shall be absent. */
  readonly blueprint: string
  readonly revision: number | undefined
  readonly writables: readonly Writable[]
  readonly overlays: readonly string[]
  readonly extras: readonly Extra[]
  readonly firstFiles: readonly FirstFile[]
}

export function requestsOf(task: TaskOptions): Request[] {
  const { id, instances, hosting_dataset, hosting_path, ...common } = task
  const given = oneOrList('instance', 'id', id, instances)
  refuseRepeated(given.map(one => one.id))
  const site = siteOf({ hosting_dataset, hosting_path })
  return given.map(own => requestOf(own.id, { ...common, ...withoutUndefined(own) }, site))
}

function requestOf(id: string, options: InstanceOptions, site: Site): Request {
  checkInstanceId(id)
  const state = options.state ?? 'present'
  const { blueprint, mounts = [], first_files = [] } = options
  if (state === 'present' && blueprint === undefined)
    throw new InvalidOptions(`${id}: \`blueprint\` is required: the name of the blueprint it runs on`)

  return {
    id,
    site,
    places: instancePlaces(site, id),
    state,
    blueprint: blueprint === undefined ? '' : checkBlueprintName(blueprint),
    revision: options.revision,
    writables: [
      ...(options.writable?.map(one => writableOf(id, one)) ?? DEFAULT_WRITABLE),
      ...(options.additional_writable ?? []).map(one => writableOf(id, one)),
    ],
    overlays: (options.overlays ?? DEFAULT_OVERLAYS).map(path => relative(id, path)),
    extras: mounts.map(one => extraOf(id, one, site)),
    firstFiles: first_files.map(one => firstFileOf(id, one)),
  }
}

function writableOf(id: string, { path, dataset, options = [] }: WritableOptions): Writable {
  const place = relative(id, path)
  const name = dataset ?? place.replaceAll('/', '-')
  const problem = name.includes('/') ? "it contains '/'" : datasetNameProblem(`x/${name}`)
  if (problem !== undefined)
    throw new InvalidOptions(`${id}: the dataset for ${path} cannot be called '${name}': ${problem}`)
  return { path: place, dataset: name, options: checkedOptions(id, options) }
}

function extraOf(id: string, extra: ExtraOptions, site: Site): Extra {
  const { shared, host, tmpfs } = extra
  const path = relative(id, extra.path)
  if ([shared, host, tmpfs].filter(one => one !== undefined).length !== 1)
    throw new InvalidOptions(`${id}: the mount at ${path} needs one of \`shared\`, \`host\` and \`tmpfs\``)
  if (tmpfs !== undefined && !/^[1-9]\d*[kmgt]?$/i.test(tmpfs))
    throw new InvalidOptions(`${id}: '${tmpfs}' is no size for a tmpfs; write it like 64m or 2g`)
  if (host !== undefined && extra.readonly === false)
    throw new InvalidOptions(
      `${id}: ${path}: what comes from the host is read-only in an instance. To share data, use \`shared\`.`,
    )
  const source: Source =
    shared !== undefined
      ? { kind: 'shared', name: checkSharedName(shared) }
      : host !== undefined
        ? { kind: 'host', path: hostPath(host, id, site) }
        : { kind: 'tmpfs', size: tmpfs ?? '' }
  const access = source.kind === 'host' || extra.readonly === true ? 'ro' : 'rw'
  return { path, source, options: [access, ...checkedOptions(id, extra.options ?? [])] }
}

function firstFileOf(
  id: string,
  { path, content, variables, link, directory, mode, uid = 0, gid = 0 }: FirstFileOptions,
): FirstFile {
  const isDirectory = directory === true
  const given = [content, variables, link].filter(one => one !== undefined).length + (isDirectory ? 1 : 0)
  if (given !== 1)
    throw new InvalidOptions(
      `${id}: first_files: ${path} needs one of \`content\`, \`variables\`, \`link\` and \`directory: true\``,
    )
  if (link?.startsWith('-')) throw new InvalidOptions(`${id}: first_files: ${path} cannot point to '${link}'`)
  const kind = isDirectory ? 'directory' : link !== undefined ? 'link' : 'file'
  return {
    path: relative(id, path),
    kind,
    content: variables === undefined ? (content ?? link ?? '') : assignments(variables, `${id}: first_files: ${path}`),
    mode: mode ?? (isDirectory ? 0o755 : 0o644),
    uid,
    gid,
  }
}

/** A line that sh(1) cannot read, or would evaluate, keeps an instance from starting: its rc.conf is none then. */
function assignments(variables: Readonly<Record<string, Scalar>>, where: string): string {
  const lines = Object.entries(variables).flatMap(([name, value]) => {
    if (value === null) return []
    const text = typeof value === 'boolean' ? (value ? 'YES' : 'NO') : String(value)
    const objection = RC_CONF.objection(name, text)
    if (objection !== undefined) throw new InvalidOptions(`${where}: ${name} cannot be set so: ${objection}`)
    return [`${RC_CONF.render(name, text)}\n`]
  })
  return lines.join('')
}

/** The source of a mount is never inside an instance: links in it are followed, and jail(8) does not look (fact live-4). */
function hostPath(given: string, id: string, { path }: Site): string {
  const host = absolute(given, `${id}: host`)
  if (!isWithin(host, path) && !isWithin(path, host)) return host
  throw new InvalidOptions(
    `${id}: ${host} cannot be mounted as a path of the host: it belongs to hosting itself. For data of several instances use \`shared\`.`,
  )
}

/** Options of mount(8) that can only take something away. */
const OPTIONS = /^(nosuid|noexec|noatime|nosymfollow|mode=0?[0-7]{3,4}|uid=\d+|gid=\d+|inodes=\d+)$/

function checkedOptions(id: string, options: readonly string[]): readonly string[] {
  const strange = options.find(option => !OPTIONS.test(option))
  if (strange === undefined) return options
  throw new InvalidOptions(
    `${id}: the mount option '${strange}' cannot be used. Known are nosuid, noexec, noatime, nosymfollow, and for tmpfs mode=, uid=, gid= and inodes=; ro follows from \`readonly\`.`,
  )
}

/** A path inside the instance, written with or without a slash before it. */
function relative(id: string, path: string): string {
  const place = path.replace(/^\/+|\/+$/g, '')
  const problem = pathProblem(place)
  if (problem !== undefined)
    throw new InvalidOptions(`${id}: the path ${JSON.stringify(path)} cannot be used: ${problem}`)
  if (/^(dev|proc)(\/|$)/.test(place))
    throw new InvalidOptions(
      `${id}: ${path} is mounted by jail(8) itself: see mount.devfs and mount.procfs of the jail`,
    )
  return place
}

function absolute(path: string, option: string): string {
  const place = path.replace(/(?<=.)\/+$/, '')
  const problem = place.startsWith('/') ? pathProblem(place.slice(1)) : 'it does not begin with a slash'
  if (problem === undefined) return place
  throw new InvalidOptions(`${option} ${JSON.stringify(path)} cannot be used: ${problem}`)
}

function pathProblem(path: string): string | undefined {
  if (path === '') return 'it is the root'
  if (/\p{Cc}/u.test(path)) return 'it contains a control character'
  const strange = path.split('/').find(name => name === '' || name === '.' || name === '..')
  if (strange === '') return "it contains '//'"
  return strange === undefined ? undefined : `it contains '${strange}'`
}
