/** What a blueprint_switch task asks for, with everything that can be wrong with the words alone. */
import { InvalidOptions } from '../../core/errors.ts'
import type { ValuesOf } from '../../core/options.ts'
import { checkBlueprintName, checkInstanceId, type InstancePlaces, instancePlaces, type Site } from '../layout.ts'
import { refuseRepeated, withoutUndefined } from '../listed.ts'
import type { Policy } from '../merge/plan-shape.ts'
import { siteOf } from '../site.ts'
import type { OPTIONS } from './options.ts'

export type Options = ValuesOf<typeof OPTIONS>
type InstanceOptions = Pick<
  Options,
  'blueprint' | 'revision' | 'conflicts' | 'health' | 'keep_generations' | 'not_after' | 'rollback_data'
>

export interface TcpCheck {
  readonly port: number
  /** Default: the instance's first. */
  readonly address: string | undefined
}

export interface HttpCheck {
  /** Without it, `port` and `path` at the instance's first address. */
  readonly url: string | undefined
  readonly port: number
  readonly path: string
  readonly host: string | undefined
  readonly status: number
  readonly text: string | undefined
}

export interface Health {
  readonly deadlineSeconds: number
  /** How long one answer may take; it is asked again until the deadline. */
  readonly answerSeconds: number
  readonly commands: readonly (readonly string[])[]
  readonly tcp: readonly TcpCheck[]
  readonly http: readonly HttpCheck[]
}

export interface Request {
  readonly id: string
  readonly site: Site
  readonly places: InstancePlaces
  readonly state: Options['state']
  /** Empty where none is asked for. */
  readonly blueprint: string
  readonly revision: number | undefined
  readonly conflicts: Policy
  readonly health: Health
  readonly keep: number
  readonly rollsBackData: boolean
  /** The second since 1970 after which it is not begun any more. */
  readonly notAfter: number | undefined
}

/** The ids a task names; undefined where it means all that run on a blueprint. */
export function namedIn({ id, instances, running_on }: Options): string[] | undefined {
  if ([id, instances, running_on].filter(given => given !== undefined).length !== 1)
    throw new InvalidOptions(
      'give one of `id`, for one instance, `instances`, for a list of them, and `running_on`, for all that run on a blueprint',
    )
  if (running_on !== undefined) checkBlueprintName(running_on)
  const ids = id !== undefined ? [id] : instances?.map(one => one.id)
  refuseRepeated(ids ?? [])
  return ids?.map(checkInstanceId)
}

export function requestsOf(options: Options, ids: readonly string[]): Request[] {
  const site = siteOf(options)
  return ids.map(id => {
    const own = options.instances?.find(one => one.id === id) ?? {}
    return requestOf(id, options.state, { ...options, ...withoutUndefined(own) }, site)
  })
}

function requestOf(id: string, state: Options['state'], options: InstanceOptions, site: Site): Request {
  const { blueprint, revision, conflicts = 'keep', health = {}, keep_generations = 3, rollback_data = false } = options
  if (state === 'switched' && blueprint === undefined)
    throw new InvalidOptions(`${id}: \`blueprint\` is required: the name of the blueprint it shall run on`)
  return {
    id,
    site,
    places: instancePlaces(site, id),
    state,
    blueprint: blueprint === undefined ? '' : checkBlueprintName(blueprint),
    revision,
    conflicts,
    health: healthOf(id, health),
    keep: keep_generations,
    rollsBackData: rollback_data,
    notAfter: options.not_after,
  }
}

export const healthOf = (id: string, health: NonNullable<InstanceOptions['health']>): Health => ({
  deadlineSeconds: health.deadline ?? 60,
  answerSeconds: health.timeout ?? 10,
  commands: (health.commands ?? []).map(words => commandOf(id, words)),
  tcp: (health.tcp ?? []).map(({ port, address }) => ({ port, address })),
  http: (health.http ?? []).map(one => httpOf(id, one)),
})

function commandOf(id: string, words: readonly string[]): readonly string[] {
  if (words.length > 0 && !words[0]?.startsWith('-')) return words
  throw new InvalidOptions(`${id}: a command of \`health\` is a list of words, the program first`)
}

type HttpOptions = NonNullable<NonNullable<InstanceOptions['health']>['http']>[number]

function httpOf(id: string, { url, port, path = '/', host, status = 200, text }: HttpOptions): HttpCheck {
  if ((url === undefined) === (port === undefined))
    throw new InvalidOptions(`${id}: a question of \`health.http\` needs either \`url\` or \`port\``)
  if (url !== undefined && !/^https?:\/\/[^\s/]+/.test(url))
    throw new InvalidOptions(`${id}: '${url}' is no URL of a web server: it begins with http:// or https://`)
  if (!path.startsWith('/'))
    throw new InvalidOptions(`${id}: the path '${path}' of \`health.http\` begins with no slash`)
  return { url, port: port ?? 0, path, host, status, text }
}
