/**
 * What a stream of zfs-send(8) begins with: openzfs include/sys/zfs_ioctl.h (dmu_replay_record), and how it is read,
 * lib/libzfs/libzfs_sendrecv.c (zfs_receive_impl, zfs_receive_package) and module/nvpair/nvpair.c (nvs_decode_pairs).
 */

/** Every record is as long. */
const RECORD_BYTES = 312
const MAGIC = 0x2f5bacbacn
/** Of `drr_versioninfo` the two lowest bits: streams with a list of what is in them, as -p and -R make. */
const COMPOUND = 2n
/** What a dataset is, in the same record: `drr_begin.drr_type`, a dmu_objset_type of include/sys/fs/zfs.h. */
const TYPE_AT = 32
const TYPES: Readonly<Record<number, 'filesystem' | 'volume'>> = { 2: 'filesystem', 3: 'volume' }
/** What we send has some hundred bytes for each snapshot. */
const MOST_LISTED_BYTES = 64 * 1024 * 1024

export interface StreamHead {
  /** What was read: the list, and the first record of what is listed. */
  readonly bytes: Buffer
  /** Of the dataset that comes first; undefined where none does, or something that is neither. */
  readonly type?: 'filesystem' | 'volume'
  /**
   * It speaks of a whole tree, as -R makes it. For such a one zfs receive also renames snapshots and datasets that are there,
   * without -F too (recv_incremental_replication).
   */
  readonly isTree: boolean
}

/** `read` gives as many bytes, and fewer only at the end. What is no stream is left to zfs(8), which says so. */
export async function readHead(read: (bytes: number) => Promise<Buffer>): Promise<StreamHead> {
  const record = await read(RECORD_BYTES)
  if (record.length < RECORD_BYTES) return { bytes: record, isTree: false }
  const isSwapped = record.readBigUInt64BE(8) === MAGIC
  if (!isSwapped && record.readBigUInt64LE(8) !== MAGIC) return { bytes: record, isTree: false }
  const version = isSwapped ? record.readBigUInt64BE(16) : record.readBigUInt64LE(16)
  const typeOf = (begin: Buffer) => {
    const type = TYPES[isSwapped ? begin.readUInt32BE(TYPE_AT) : begin.readUInt32LE(TYPE_AT)]
    return type === undefined ? {} : { type }
  }
  if ((version & 3n) !== COMPOUND) return { bytes: record, isTree: false, ...typeOf(record) }
  const listed = isSwapped ? record.readUInt32BE(4) : record.readUInt32LE(4)
  if (listed > MOST_LISTED_BYTES) return { bytes: record, isTree: true }
  const list = await read(listed)
  const isTree = list.length === listed && !isOfOne(list)
  // The list has a closing record of its own (send_conclusion_record).
  const first = await read(2 * RECORD_BYTES)
  const bytes = Buffer.concat([record, list, first])
  return { bytes, isTree, ...(first.length === 2 * RECORD_BYTES && typeOf(first.subarray(RECORD_BYTES))) }
}

const TYPE = { boolean: 1, string: 9 } as const

/**
 * Whether a list of name and value pairs says `not_recursive`, read as libnvpair reads it: by what is there, and not by the
 * sizes that each pair claims. libzfs writes it after the names of snapshots, before anything that holds other lists.
 */
function isOfOne(list: Buffer): boolean {
  let at = 12
  const word = () => {
    at += 4
    return at > list.length ? 0 : list.readUInt32BE(at - 4)
  }
  const text = () => {
    const [length, start] = [word(), at]
    at += Math.ceil(length / 4) * 4
    return list.toString('latin1', start, start + length)
  }
  // XDR: a list in the memory of the machine that made it could not be read here.
  if (list[0] !== 1) return false
  while (at < list.length) {
    word()
    if (word() === 0) return false
    const name = text()
    const [type, count] = [word(), word()]
    if (type === TYPE.boolean && count === 0) {
      if (name === 'not_recursive' && at <= list.length) return true
    } else if (type === TYPE.string && count === 1) text()
    else return false
  }
  return false
}
