/**
 * The native properties of OpenZFS, in the order `zfs get all` prints them (include/sys/fs/zfs.h, zfs_prop_t;
 * 01-zfs.jsonl, `zfs get all`), as module/zcommon/zfs_prop.c registers them for FreeBSD.
 */
import {
  CACHE,
  COMPRESSION,
  COMPRESSION_VALUES,
  COUNT_OR_NONE,
  hidden,
  index,
  names,
  onOff,
  type Property,
  property,
  SIZE,
  SIZE_OR_NONE,
  SUMS,
  SWITCH,
  size,
  text,
} from './property-forms.ts'

export type { Kind, Property } from './property-forms.ts'

const common = (version: number): Property[] => [
  text('type', 'readonly', 'fvsb', '', 'filesystem | volume | snapshot | bookmark'),
  property('creation', 'date', 'readonly', 'fvsb', '', '<date>'),
  size('used', 'readonly', 'fvs', SIZE),
  size('available', 'readonly', 'fv', SIZE, 'AVAIL'),
  size('referenced', 'readonly', 'fvsb', SIZE, 'REFER'),
  size('compressratio', 'readonly', 'fvsb', '<1.00x or higher if compressed>', 'RATIO'),
  index('mounted', 'readonly', 'f', 'no', 'yes | no'),
  text('origin', 'readonly', 'fv', '', '<snapshot>'),
  size('quota', 'default', 'f', SIZE_OR_NONE),
  size('reservation', 'default', 'fv', SIZE_OR_NONE, 'RESERV'),
  size('volsize', 'default', 'vs', SIZE),
  property('volblocksize', 'number', 'once', 'v', '16384', '512 to 128k, power of 2', { column: 'VOLBLOCK' }),
  property('recordsize', 'number', 'inherit', 'f', '131072', '512 to 1M, power of 2', { column: 'RECSIZE' }),
  text('mountpoint', 'inherit', 'f', '/', '<path> | legacy | none'),
  text('sharenfs', 'inherit', 'f', 'off', 'on | off | NFS share options'),
  property(
    'checksum',
    'index',
    'inherit',
    'fv',
    'on',
    'on | off | fletcher2 | fletcher4 | sha256 | sha512 | skein | edonr | blake3',
    {
      names: names('on off fletcher2 fletcher4 sha256 noparity sha512 skein edonr blake3'),
    },
  ),
  property('compression', 'index', 'inherit', 'fv', 'on', COMPRESSION_VALUES, {
    names: names(COMPRESSION),
    column: 'COMPRESS',
  }),
  onOff('atime', 'f', 'on'),
  onOff('devices', 'fs', 'on'),
  onOff('exec', 'fs', 'on'),
  onOff('setuid', 'fs', 'on'),
  onOff('readonly', 'fv', 'off', 'RDONLY'),
  onOff('jailed', 'f', 'off'),
  index('snapdir', 'inherit', 'f', 'hidden', version < 2.3 ? 'hidden | visible' : 'disabled | hidden | visible'),
  index('aclmode', 'inherit', 'f', 'discard', 'discard | groupmask | passthrough | restricted'),
  property(
    'aclinherit',
    'index',
    'inherit',
    'f',
    'restricted',
    'discard | noallow | restricted | passthrough | passthrough-x',
    {
      names: names('discard noallow restricted passthrough secure=restricted passthrough-x'),
    },
  ),
  property('createtxg', 'number', 'readonly', 'fvsb', '', '<uint64>'),
  hidden('name', 'string', 'fvsb'),
  index('canmount', 'default', 'f', 'on', 'on | off | noauto'),
  xattr(version),
  hidden('numclones', 'number', 's'),
  index('copies', 'inherit', 'fv', '1', '1 | 2 | 3'),
  property('version', 'index', 'default', 'fs', '5', '1 | 2 | 3 | 4 | 5 | current', {
    names: names('1 2 3 4 5 current=5'),
  }),
  property('utf8only', 'index', 'once', 'fs', 'off', 'on | off', { names: SWITCH }),
  index('normalization', 'once', 'fs', 'none', 'none | formC | formD | formKC | formKD'),
  index('casesensitivity', 'once', 'fs', 'sensitive', 'sensitive | insensitive | mixed', { column: 'CASE' }),
  onOff('vscan', 'f', 'off'),
  onOff('nbmand', 'fs', 'off'),
  text('sharesmb', 'inherit', 'f', 'off', 'on | off | SMB share options'),
  size('refquota', 'default', 'f', SIZE_OR_NONE),
  size('refreservation', 'default', 'fv', SIZE_OR_NONE, 'REFRESERV'),
  property('guid', 'number', 'readonly', 'fvsb', '', '<uint64>'),
  index('primarycache', 'inherit', 'fvs', 'all', CACHE),
  index('secondarycache', 'inherit', 'fvs', 'all', CACHE),
  size('usedbysnapshots', 'readonly', 'fv', SIZE, 'USEDSNAP'),
  size('usedbydataset', 'readonly', 'fv', SIZE, 'USEDDS'),
  size('usedbychildren', 'readonly', 'fv', SIZE, 'USEDCHILD'),
  size('usedbyrefreservation', 'readonly', 'fv', SIZE, 'USEDREFRESERV'),
  property('defer_destroy', 'index', 'readonly', 's', 'off', 'yes | no', { names: SWITCH }),
  size('userrefs', 'readonly', 's', '<count>'),
  index('logbias', 'inherit', 'fv', 'latency', 'latency | throughput'),
  property('objsetid', 'number', 'readonly', 'fvs', '', '<uint64>'),
  property('dedup', 'index', 'inherit', 'fv', 'off', `on | off | verify | ${SUMS}`, {
    names: names(
      'on off verify sha256 sha256,verify sha512 sha512,verify skein skein,verify edonr,verify blake3 blake3,verify',
    ),
  }),
  text('mlslabel', 'inherit', 'fvs', 'none', '<sensitivity label>'),
  index('sync', 'inherit', 'fv', 'standard', 'standard | always | disabled'),
  index('dnodesize', 'inherit', 'f', 'legacy', 'legacy | auto | 1k | 2k | 4k | 8k | 16k', { column: 'DNSIZE' }),
  size('refcompressratio', 'readonly', 'fvs', '<1.00x or higher if compressed>', 'REFRATIO'),
  size('written', 'readonly', 'fvs', SIZE),
  text('clones', 'readonly', 's', '', '<dataset>[,...]'),
  size('logicalused', 'readonly', 'fv', SIZE, 'LUSED'),
  size('logicalreferenced', 'readonly', 'fvsb', SIZE, 'LREFER'),
  property('volmode', 'index', 'inherit', 'fv', 'default', 'default | full | geom | dev | none', {
    names: names('default full geom=full dev none'),
  }),
  property('filesystem_limit', 'number', 'default', 'f', 'none', COUNT_OR_NONE, { column: 'FSLIMIT' }),
  property('snapshot_limit', 'number', 'default', 'fv', 'none', COUNT_OR_NONE, { column: 'SSLIMIT' }),
  property('filesystem_count', 'number', 'readonly', 'f', 'none', '<count>', { column: 'FSCOUNT' }),
  property('snapshot_count', 'number', 'readonly', 'fv', 'none', '<count>', { column: 'SSCOUNT' }),
  index('snapdev', 'inherit', 'fv', 'hidden', 'hidden | visible'),
  property('acltype', 'index', 'inherit', 'fs', 'nfsv4', 'off | nfsv4 | posix', {
    names: names('off posix nfsv4 disabled=off noacl=off posixacl=posix'),
  }),
  text('context', 'default', 'fvs', 'none', '<selinux context>'),
  text('fscontext', 'default', 'fvs', 'none', '<selinux fscontext>'),
  text('defcontext', 'default', 'fvs', 'none', '<selinux defcontext>'),
  text('rootcontext', 'default', 'fvs', 'none', '<selinux rootcontext>'),
  onOff('relatime', 'f', 'on'),
  index('redundant_metadata', 'inherit', 'fv', 'all', 'all | most | some | none', { column: 'REDUND_MD' }),
  onOff('overlay', 'f', 'on'),
  text('receive_resume_token', 'readonly', 'fv', '', '<string token>', 'RESUMETOK'),
  property('encryption', 'index', 'once', 'fvs', 'off', `on | off | ${CIPHERS.join(' | ')}`, {
    names: names(`on=aes-256-gcm off ${CIPHERS.join(' ')}`),
  }),
  text('keylocation', 'default', 'fv', 'none', 'prompt | <file URI> | <https URL> | <http URL>'),
  index('keyformat', 'once-default', 'fv', 'none', 'none | raw | hex | passphrase'),
  property('pbkdf2iters', 'number', 'once-default', 'fv', '0', '<iters>'),
  text('encryptionroot', 'readonly', 'fvs', '', '<filesystem | volume>', 'ENCROOT'),
  index('keystatus', 'readonly', 'fvs', '', 'none | unavailable | available'),
  property('special_small_blocks', 'number', 'inherit', 'f', '0', 'zero or 512 to 1M, power of 2'),
  text('redact_snaps', 'readonly', 'fvsb', '', '<snapshot>[,...]', 'RSNAPS'),
  property('snapshots_changed', 'date', 'readonly', 'fv', '', '<date>'),
  index('prefetch', 'inherit', 'fvs', 'all', 'none | metadata | all'),
]

const CIPHERS = ['aes-128-ccm', 'aes-192-ccm', 'aes-256-ccm', 'aes-128-gcm', 'aes-192-gcm', 'aes-256-gcm']

/** `on` was the directory kind until 2.2, means `sa` from 2.3, and is printed as `sa` from 2.4. */
function xattr(version: number): Property {
  const [initial, list] =
    version < 2.3 ? ['on', 'off on sa dir=on'] : version < 2.4 ? ['on', 'off on sa=on dir'] : ['sa', 'off sa on=sa dir']
  return property('xattr', 'index', 'inherit', 'fs', initial ?? '', 'on | off | dir | sa', { names: names(list ?? '') })
}

/** man/man7/zfsprops.7 of zfs-2.3.0 and zfs-2.4.0. */
const since23: Property[] = [
  onOff('volthreading', 'v', 'on'),
  index('direct', 'inherit', 'f', 'standard', 'disabled | standard | always'),
  onOff('longname', 'f', 'off'),
]
const since24: Property[] = ['user', 'group', 'project', 'userobj', 'groupobj', 'projectobj'].map(who =>
  size(`default${who}quota`, 'default', 'f', SIZE_OR_NONE),
)

const tables = new Map<number, ReadonlyMap<string, Property>>()

/** The properties that this version of OpenZFS knows, by name. */
export function propertyTable(zfsVersion: string): ReadonlyMap<string, Property> {
  const version = Math.min(2.4, Math.max(2.2, Number.parseFloat(zfsVersion)))
  const known = tables.get(version)
  if (known !== undefined) return known
  const list = [...common(version), ...(version >= 2.3 ? since23 : []), ...(version >= 2.4 ? since24 : [])]
  const table = new Map(list.map(each => [each.name, each]))
  tables.set(version, table)
  return table
}

/** zprop_name_to_prop: the name, or the column's name in lower case (`compress`, `recsize`). */
export function findProperty(zfsVersion: string, name: string): Property | undefined {
  const table = propertyTable(zfsVersion)
  return table.get(name) ?? [...table.values()].find(each => each.column.toLowerCase() === name)
}

/** zfs_prop_user: a colon, and only these characters. */
export const isUserProperty = (name: string) => name.includes(':') && /^[a-z0-9\-_.:]+$/.test(name)

/** zfs_userquota_prop_prefixes. */
export const isUserQuota = (name: string) => /^(user|group|project)(obj)?(used|quota)@/.test(name)

/** zfs_prop_written. */
export const isWrittenSince = (name: string) => /^written[@#]/.test(name)

export const isReadonly = ({ attribute }: Property) => attribute !== 'default' && attribute !== 'inherit'
export const isSetOnce = ({ attribute }: Property) => attribute === 'once' || attribute === 'once-default'
export const isInheritable = ({ attribute }: Property) => attribute === 'inherit' || attribute === 'once'
