/**
 * The native properties of OpenZFS 2.2 to 2.4 as FreeBSD's zfs(8) has them, and how it reads numbers.
 * Sources: openzfs module/zcommon/zfs_prop.c (names, kinds, types, names of index values; the first name of a value is the
 * one printed), module/zcommon/zprop_common.c (the column name in lower case is accepted too), zfsprops(7), and the list in
 * transcript freebsd-14.2/01-zfs.jsonl, "nosuchprop", for what can be set and inherited.
 */
export type DatasetType = 'filesystem' | 'volume'
export type ZfsVersion = '2.2' | '2.3' | '2.4'

export interface Property {
  readonly name: string
  readonly kind: 'size' | 'count' | 'index' | 'string'
  readonly settable: 'always' | 'creation' | 'never'
  readonly inheritable: boolean
  readonly types: readonly DatasetType[]
  /** What `none` stands for: nothing reserved or limited (0), or the largest number, beside which 0 is a value of its own. */
  readonly none?: 'zero' | 'unlimited'
  /** Of an index: each accepted name with the one that `zfs get` prints. */
  readonly names: ReadonlyMap<string, string>
  /** Of an index: the possible values, for a message. */
  readonly values: string
  /** A name of somebody's own, with a colon. */
  readonly user: boolean
}

/**
 * A line is a name (`=` and its alias), letters, and for an index its values, synonyms joined by `=`.
 * f filesystem, v volume; i inheritable; c only at creation; b bytes, n a count, else text;
 * z `none` is 0, u `none` is unlimited; 3 and 4 since OpenZFS 2.3 and 2.4, where a later line of a name replaces the earlier.
 */
const TABLE = `aclinherit fi discard noallow restricted=secure passthrough passthrough-x
aclmode fi discard groupmask passthrough restricted
acltype fi off=disabled=noacl nfsv4 posix=posixacl
atime fi on off
canmount f on off noauto
casesensitivity=case fic sensitive insensitive mixed
checksum fvi on off fletcher2 fletcher4 sha256 noparity sha512 skein edonr blake3
compression=compress fvi on off lzjb gzip=gzip-6 gzip-1..5 gzip-7..9 zle lz4 zstd zstd-1..19 zstd-fast=zstd-fast-1 zstd-fast-2..10 zstd-fast-20 zstd-fast-30 zstd-fast-40 zstd-fast-50 zstd-fast-60 zstd-fast-70 zstd-fast-80 zstd-fast-90 zstd-fast-100 zstd-fast-500 zstd-fast-1000
context fv
copies fvi 1 2 3
dedup fvi on off verify sha256 sha256,verify sha512 sha512,verify skein skein,verify edonr,verify blake3 blake3,verify
defaultgroupobjquota f4nz
defaultgroupquota f4bz
defaultprojectobjquota f4nz
defaultprojectquota f4bz
defaultuserobjquota f4nz
defaultuserquota f4bz
defcontext fv
devices fi on off
direct fi3 disabled standard always
dnodesize=dnsize fi legacy auto 1k 2k 4k 8k 16k
encryption fvic off aes-128-ccm aes-192-ccm aes-256-ccm aes-128-gcm aes-192-gcm aes-256-gcm=on
exec fi on off
filesystem_limit=fslimit fnu
fscontext fv
jailed fi on off
keyformat fvc none raw hex passphrase
keylocation fv
logbias fvi latency throughput
longname fi3 on off
mlslabel fvi
mountpoint fi
nbmand fi on off
normalization fic none formD formKC formC formKD
overlay fi on off
pbkdf2iters fvcn
prefetch fvi none metadata all
primarycache fvi none metadata all
quota fbz
readonly=rdonly fvi on off
recordsize=recsize fib
redundant_metadata=redund_md fvi all most some none
refquota fbz
refreservation=refreserv fvbz
relatime fi on off
reservation=reserv fvbz
rootcontext fv
secondarycache fvi none metadata all
setuid fi on off
sharenfs fi
sharesmb fi
snapdev fvi hidden visible
snapdir fi hidden visible
snapdir fi3 hidden visible disabled
snapshot_limit=sslimit fvnu
special_small_blocks fib
special_small_blocks fvi4b
sync fvi standard always disabled
utf8only fic on off
version f 1 2 3 4 5=current
volblocksize=volblock vicb
volmode fvi default full=geom dev none
volsize vb
volthreading v3 on off
vscan fi on off
xattr fi off on=dir sa
xattr fi3 off on=sa dir
xattr fi4 off sa=on dir`

const READ_ONLY =
  'available clones compressratio createtxg creation defer_destroy encryptionroot filesystem_count guid keystatus logicalreferenced logicalused mounted name objsetid origin receive_resume_token redact_snaps refcompressratio referenced snapshot_count snapshots_changed type used usedbychildren usedbydataset usedbyrefreservation usedbysnapshots userrefs written'

const NEWEST: ZfsVersion = '2.4'
const tables = new Map<ZfsVersion, ReadonlyMap<string, Property>>()

/** By name and by alias. */
function tableOf(version: ZfsVersion): ReadonlyMap<string, Property> {
  let table = tables.get(version)
  if (table === undefined) {
    const lines = [...TABLE.split('\n'), ...READ_ONLY.split(' ').map(name => `${name} fvr`)]
    table = new Map(
      lines
        .map(line => line.split(' '))
        .filter(([, letters = '']) => `2.${/\d/.exec(letters) ?? 2}` <= version)
        .flatMap(([names = '', letters = '', ...values]) => {
          const [name = '', ...aliases] = names.split('=')
          const property = describe(name, letters, values)
          return [name, ...aliases].map(known => [known, property] as const)
        }),
    )
    tables.set(version, table)
  }
  return table
}

function describe(name: string, letters: string, values: readonly string[] = []): Property {
  const has = (letter: string) => letters.includes(letter)
  return {
    name,
    kind: values.length > 0 ? 'index' : has('b') ? 'size' : has('n') ? 'count' : 'string',
    settable: has('r') ? 'never' : has('c') ? 'creation' : 'always',
    inheritable: has('i'),
    types: [...(has('f') ? (['filesystem'] as const) : []), ...(has('v') ? (['volume'] as const) : [])],
    ...(has('z') ? { none: 'zero' } : has('u') ? { none: 'unlimited' } : {}),
    names: new Map(
      values.flatMap(expandRange).flatMap(value => {
        const synonyms = value.split('=')
        return synonyms.map(synonym => [synonym, synonyms[0] ?? synonym] as const)
      }),
    ),
    values: values.map(value => value.split('=')[0]).join(', '),
    user: false,
  }
}

/** `zstd-1..19` stands for nineteen names. */
function expandRange(value: string): string[] {
  const [, stem, first, last] = /^(.+-)(\d+)\.\.(\d+)$/.exec(value) ?? []
  if (stem === undefined) return [value]
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `${stem}${Number(first) + index}`)
}

/** The property of that name or alias, or undefined where this version (none given: the newest known) has none. */
export function findProperty(name: string, version: ZfsVersion = NEWEST): Property | undefined {
  // zfs_prop_user() and zprop_valid_char(), openzfs module/zcommon; ZAP_MAXNAMELEN is 256.
  if (/^[a-z0-9:._-]*:[a-z0-9:._-]*$/.test(name) && name.length < 256) return { ...describe(name, 'fvi'), user: true }
  const [, , objects, what] = /^(user|group|project)(obj)?(quota|used)@[^\s,]+$/.exec(name) ?? []
  if (what !== undefined) return describe(name, `f${objects ? 'n' : 'b'}${what === 'used' ? 'r' : 'z'}`)
  if (/^written[@#]./.test(name)) return describe(name, 'fvr')
  return tableOf(version).get(name)
}

const ofSomeVersions = new Set(
  TABLE.split('\n')
    .map(line => line.split(' '))
    .filter(([, letters = '']) => /\d/.test(letters))
    .flatMap(([names = '']) => names.split('=')),
)

/** Every supported version has it, with the same values. */
export const isOfAllVersions = (name: string) => findProperty(name, '2.2') !== undefined && !ofSomeVersions.has(name)

/** Not among `all`: `zfs get` shows it only when it is named. */
export const isHiddenFromAll = (name: string) => /^[a-z]+[@#]/.test(name)

/** The first supported version that has this native property. */
export const firstVersionWith = (name: string): ZfsVersion | undefined =>
  (['2.2', '2.3', '2.4'] as const).find(version => tableOf(version).has(name))

/** Names without aliases. */
export const nativeNames = (version: ZfsVersion = NEWEST): string[] => [
  ...new Set([...tableOf(version).values()].map(property => property.name)),
]

/** Which OpenZFS runs, by the properties that `zfs get all` showed; undefined when it showed none that tells. */
export function versionShowing(shown: ReadonlySet<string>): ZfsVersion | undefined {
  if (shown.has('defaultuserquota')) return '2.4'
  if (shown.has('longname') || shown.has('volthreading')) return '2.3'
  return shown.has('prefetch') ? '2.2' : undefined
}

const UNITS = 'BKMGTPEZ'
export const UNLIMITED = 2n ** 64n - 1n

/**
 * A number as zfs(8) reads it, or undefined if it would refuse it: base 1024, `16K`, `16k`, `16KB` and `16KiB` alike, a
 * fraction computed in floating point and cut (zfs_nicestrtonum() and str2shift(), openzfs lib/libzfs/libzfs_util.c).
 */
export function parseSize(text: string): bigint | undefined {
  const [, whole = '', fraction, unit = 'B'] = /^(\d*)(\.\d*)?(b|[kmgtpez](?:i?b)?)?$/i.exec(text) ?? []
  if (whole === '' && (fraction === undefined || fraction === '.')) return undefined
  const shift = 10 * UNITS.indexOf(unit.slice(0, 1).toUpperCase())
  if (fraction === undefined) {
    const bytes = BigInt(whole) << BigInt(shift)
    return bytes > UNLIMITED || shift >= 64 ? undefined : bytes
  }
  const bytes = Number(`${whole}${fraction}`) * 2 ** shift
  return bytes < 2 ** 64 ? BigInt(Math.floor(bytes)) : undefined
}

/** Exactly, in the largest unit that divides it: `10G`, `1536M`, `513B`. */
export function printSize(bytes: bigint): string {
  let unit = 0
  while (bytes !== 0n && bytes % 1024n === 0n && unit < UNITS.length - 2) {
    bytes /= 1024n
    unit += 1
  }
  return `${bytes}${UNITS[unit]}`
}

/** For a message: exact if that is short, else about, like `10.2G`. */
export function humanSize(bytes: bigint): string {
  const exact = printSize(bytes)
  if (exact.length <= 5) return exact
  const unit = Math.min(Math.floor(Math.log2(Number(bytes)) / 10), UNITS.length - 2)
  return `${(Number(bytes) / 1024 ** unit).toFixed(1)}${UNITS[unit]}`
}
