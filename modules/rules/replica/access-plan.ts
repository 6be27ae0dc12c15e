/** The keys, known hosts and logins of a zfs_replica task: what is there, and what is to be done. */
import { InvalidOptions } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import { UNKNOWN } from '../../core/module.ts'
import type { Step } from '../../core/step.ts'
import { makeDirectories } from '../../freebsd/directories.ts'
import { addUser, PASSWD, removeUser, type User, usersIn } from '../../freebsd/pw.ts'
import { HOST_KEY, makeKey, publicKey } from '../../freebsd/ssh-keys.ts'
import { allowUser, disallowUser, readAllowed } from '../../freebsd/zfs-allow.ts'
import { readZfsVersion, type ZfsVersion } from '../../freebsd/zfs-version.ts'
import { keepFile, lookAtFile, type SeenFile } from '../program/file.ts'
import {
  type GivenHost,
  type GivenLogin,
  HOMES,
  homeOf,
  KNOWN_HOSTS,
  keysFile,
  keysText,
  knownHostsText,
  type Login,
  loginsOf,
  permissionsOf,
} from './access.ts'

export interface AccessOptions {
  readonly key?: string | undefined
  readonly known_hosts?: readonly GivenHost[] | undefined
  readonly logins?: readonly GivenLogin[] | undefined
}

export const asksForAccess = ({ key, known_hosts, logins }: AccessOptions) =>
  key !== undefined || known_hosts !== undefined || logins !== undefined

interface SeenLogin {
  readonly one: Login
  readonly user: User | undefined
  readonly keys: string | undefined
  /** Of its home those that are there, the innermost first. */
  readonly directories: readonly string[]
  /** Undefined where there is no such dataset. */
  readonly allowed: ReadonlySet<string> | undefined
  readonly permissions: readonly string[]
}

export interface SeenAccess {
  readonly hasKey: boolean
  readonly publicKey: string | undefined
  readonly hostKey: string | undefined
  readonly knownHosts: SeenFile
  readonly logins: readonly SeenLogin[]
}

/** Nobody logs in, so nothing depends on it. */
const NONE: ZfsVersion = [0, 0, 0]

export async function lookAtAccess(options: AccessOptions, machine: Probe): Promise<SeenAccess> {
  const { key } = options
  if (key !== undefined && !/^\/[\w./-]*[\w-]$/.test(key))
    throw new InvalidOptions(`key: '${key}' is no absolute path of plain letters`)
  const users = usersIn((await machine.read(PASSWD)) ?? '')
  const logins = loginsOf(options.logins ?? [])
  const zfs = logins.length === 0 ? NONE : await readZfsVersion(machine)
  return {
    hasKey: key !== undefined && (await machine.status(key)) !== undefined,
    publicKey: key === undefined ? undefined : publicKey((await machine.read(`${key}.pub`)) ?? ''),
    hostKey: publicKey((await machine.read(HOST_KEY)) ?? ''),
    knownHosts: await lookAtFile(KNOWN_HOSTS, machine),
    logins: await Promise.all(
      logins.map(async one => ({
        one,
        permissions: permissionsOf(one.role, zfs),
        user: users.get(one.user),
        keys: await machine.read(keysFile(one)),
        directories: await existing([`${homeOf(one)}/.ssh`, homeOf(one)], machine),
        allowed: await readAllowed(machine, one.dataset, one.user),
      })),
    ),
  }
}

async function existing(paths: readonly string[], machine: Probe): Promise<string[]> {
  const found = await Promise.all(paths.map(async path => ((await machine.status(path)) === undefined ? [] : [path])))
  return found.flat()
}

export interface AccessState {
  readonly public_key?: string
  readonly host_key?: string
  readonly known_hosts?: number
  readonly logins?: Record<string, { dataset: string; keys: number; allowed: number }>
}

export interface AccessPlan {
  readonly before: AccessState
  readonly after: AccessState
  readonly steps: readonly Step[]
  readonly unmet: readonly string[]
}

export function planAccess(options: AccessOptions, seen: SeenAccess): AccessPlan {
  const hosts = options.known_hosts === undefined ? undefined : knownHostsText(options.known_hosts)
  const told = (after: boolean): AccessState => {
    const ours = seen.publicKey ?? (after && options.key !== undefined ? UNKNOWN : undefined)
    return {
      ...(seen.hostKey !== undefined && { host_key: seen.hostKey }),
      ...(ours !== undefined && { public_key: ours }),
      ...(hosts !== undefined && { known_hosts: count(after ? hosts : seen.knownHosts.text) }),
      ...(options.logins !== undefined && { logins: after ? loginsAfter(seen) : loginsBefore(seen) }),
    }
  }
  return {
    before: told(false),
    after: told(true),
    steps: [
      ...keySteps(options, seen),
      ...(hosts === undefined ? [] : keepFile(KNOWN_HOSTS, seen.knownHosts, hosts, 0o644)),
      ...seen.logins.flatMap(login => (login.one.isGone ? removalOf(login) : loginSteps(login))),
    ],
    unmet: seen.logins.flatMap(({ one, allowed }) =>
      allowed === undefined && !one.isGone
        ? [`There is no dataset '${one.dataset}' for the login ${one.user}. Create it first (zfs_dataset).`]
        : [],
    ),
  }
}

function keySteps({ key }: AccessOptions, { hasKey }: SeenAccess): Step[] {
  if (key === undefined || hasKey) return []
  return [makeDirectories([key.slice(0, key.lastIndexOf('/')) || '/']), makeKey(key, 'bluejail-replica')]
}

/** The keys come last: a login without its permissions would only fail. */
function loginSteps({ one, user, keys, allowed, permissions: wanted }: SeenLogin): Step[] {
  const home = homeOf(one)
  refuseOthers({ one, user })
  const missing = wanted.filter(each => allowed?.has(each) !== true)
  const excess = [...(allowed ?? [])].filter(each => !wanted.includes(each))
  return [
    ...(user === undefined ? [addUser(one.user, { about: 'replication', home })] : []),
    ...(missing.length > 0 ? [allowUser(one.user, wanted, one.dataset)] : []),
    ...(excess.length > 0 ? [disallowUser(one.user, excess, one.dataset)] : []),
    ...(keys === undefined ? [makeDirectories([HOMES, home, `${home}/.ssh`])] : []),
    ...(keys === keysText(one)
      ? []
      : [{ kind: 'write' as const, path: keysFile(one), content: keysText(one), mode: 0o644 }]),
  ]
}

/** The keys go first: from then on nobody comes in. */
function removalOf({ one, user, keys, allowed, directories }: SeenLogin): Step[] {
  refuseOthers({ one, user })
  return [
    ...(keys === undefined ? [] : [{ kind: 'remove' as const, path: keysFile(one) }]),
    ...(allowed === undefined || allowed.size === 0 ? [] : [disallowUser(one.user, [...allowed], one.dataset)]),
    ...(user === undefined ? [] : [removeUser(one.user)]),
    ...directories.map(path => ({ kind: 'remove' as const, path })),
  ]
}

function refuseOthers({ one, user }: Pick<SeenLogin, 'one' | 'user'>): void {
  if (user !== undefined && user.home !== homeOf(one))
    throw new InvalidOptions(
      `the user ${one.user} is somebody else's: its home is ${user.home}. Give the login another name`,
    )
}

const count = (text: string | undefined) => (text ?? '').split('\n').filter(line => line !== '').length

const loginsBefore = ({ logins }: SeenAccess) =>
  Object.fromEntries(
    logins
      .filter(({ user }) => user !== undefined)
      .map(({ one, keys, allowed }) => [
        one.user,
        { dataset: one.dataset, keys: count(keys), allowed: allowed?.size ?? 0 },
      ]),
  )

const loginsAfter = ({ logins }: SeenAccess) =>
  Object.fromEntries(
    logins
      .filter(({ one }) => !one.isGone)
      .map(({ one, permissions }) => [
        one.user,
        { dataset: one.dataset, keys: one.keys.length, allowed: permissions.length },
      ]),
  )
