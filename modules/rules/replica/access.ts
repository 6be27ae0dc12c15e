/** How one host may replicate with another: a key here, a login there that can do nothing else. */
import { InvalidOptions } from '../../core/errors.ts'
import { hostProblem, userProblem } from '../../freebsd/ssh.ts'
import { authorized, knownHost, publicKey } from '../../freebsd/ssh-keys.ts'
import { datasetNameProblem } from '../../freebsd/zfs-names.ts'
import { isAtLeast, type ZfsVersion } from '../../freebsd/zfs-version.ts'
import { PROGRAM_SETTINGS, programPath } from '../layout.ts'
import { PROGRAM } from './names.ts'

export const KNOWN_HOSTS = `${PROGRAM_SETTINGS}/${PROGRAM}.known_hosts`
/** Homes are root's, so that a login cannot give itself other keys. */
export const HOMES = '/var/db/bluejail-replica'

/**
 * Properties that a stream brings along (zfs-send(8), -p), and that its receiver must be allowed to set. Those that a copy
 * does not get (mount point, shares, quotas and reservations) are not among them: what is not allowed is told by
 * zfs-receive(8) and left out, whatever the stream says and whatever the command line (zfs_set_prop_nvlist in openzfs
 * module/zfs/zfs_ioctl.c; seen with 2.3.2).
 */
const BROUGHT = [
  'aclinherit',
  'aclmode',
  'acltype',
  'atime',
  'canmount',
  'checksum',
  'compression',
  'copies',
  'dedup',
  'devices',
  'dnodesize',
  'exec',
  'logbias',
  'primarycache',
  'readonly',
  'recordsize',
  'redundant_metadata',
  'refquota',
  'secondarycache',
  'setuid',
  'snapdir',
  'special_small_blocks',
  'sync',
  'userprop',
  'volmode',
  'volsize',
  'xattr',
] as const

/** To receive without -F is a permission of its own in newer ones: zfs-allow(8) of OpenZFS 2.3.2. */
const APPENDS: ZfsVersion = [2, 3, 2]

/**
 * `destroy` is for `zfs receive -A`, for bookmarks and for the snapshots that runs themselves took: what else it could do, the
 * forced command does not pass on.
 */
export function permissionsOf(role: Login['role'], zfs: ZfsVersion): readonly string[] {
  if (role === 'source') return ['bookmark', 'destroy', 'mount', 'send', 'snapshot', 'userprop']
  const receive = isAtLeast(zfs, APPENDS) ? 'receive:append' : 'receive'
  return ['create', 'destroy', 'hold', 'mount', receive, 'release', 'rename', ...BROUGHT].sort()
}

export interface Login {
  readonly user: string
  readonly dataset: string
  readonly role: 'target' | 'source'
  readonly keys: readonly string[]
  readonly from: string | undefined
  /** It is to be no more. */
  readonly isGone: boolean
}

export interface GivenLogin {
  readonly user: string
  readonly dataset: string
  readonly role: 'target' | 'source'
  readonly public_keys?: readonly string[] | undefined
  readonly from?: string | undefined
  readonly state: 'present' | 'absent'
}

export function loginsOf(given: readonly GivenLogin[]): Login[] {
  const logins = given.map(one => {
    const { user, dataset, role, from } = one
    const problem = userProblem(user)
    if (problem !== undefined) throw new InvalidOptions(`'${user}' cannot be a login: ${problem}`)
    // It stands in a command line of sshd's, for a shell.
    const strange = /[^\w.:/-]/.test(dataset)
      ? 'a dataset for a login has letters, digits and _ . : / - alone'
      : datasetNameProblem(dataset)
    if (strange !== undefined) throw new InvalidOptions(`${user}: '${dataset}': ${strange}`)
    if (from !== undefined && !/^[\w.:/*?,!-]+$/.test(from))
      throw new InvalidOptions(`${user}: from '${from}' is no list of addresses, as sshd(8) reads it`)
    if (one.public_keys === undefined && one.state === 'present')
      throw new InvalidOptions(`${user}: give 'public_keys', or 'state: absent' for a login that is to be no more`)
    const keys = (one.public_keys ?? []).map(line => {
      const key = publicKey(line)
      if (key === undefined) throw new InvalidOptions(`${user}: '${line.slice(0, 40)}' is no public key of ssh`)
      return key
    })
    return { user, dataset, role, keys, from, isGone: one.state === 'absent' }
  })
  const users = logins.map(({ user }) => user)
  const twice = users.filter((user, index) => users.indexOf(user) !== index)
  if (twice.length > 0)
    throw new InvalidOptions(
      `${[...new Set(twice)].join(', ')}: two logins of one name. Each dataset needs one of its own`,
    )
  return logins
}

export const homeOf = ({ user }: Pick<Login, 'user'>) => `${HOMES}/${user}`
export const keysFile = (login: Pick<Login, 'user'>) => `${homeOf(login)}/.ssh/authorized_keys`

export const keysText = ({ dataset, role, keys, from }: Login) =>
  keys.map(key => authorized(key, `${programPath(PROGRAM)} serve --${role} ${dataset}`, from)).join('')

export interface GivenHost {
  readonly host: string
  readonly port?: number | undefined
  readonly key: string
}

export function knownHostsText(given: readonly GivenHost[]): string {
  return given
    .map(({ host, port, key }) => {
      const problem = hostProblem(host)
      if (problem !== undefined) throw new InvalidOptions(`'${host}' cannot be a host: ${problem}`)
      const known = publicKey(key)
      if (known === undefined) throw new InvalidOptions(`${host}: '${key.slice(0, 40)}' is no public key of ssh`)
      return knownHost(host, port, known)
    })
    .join('')
}
