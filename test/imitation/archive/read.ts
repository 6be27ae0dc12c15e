/** Reads an archive whatever it is compressed with, as libarchive does: by its first bytes, never by its name. */
import { spawnSync } from 'node:child_process'
import { gunzipSync } from 'node:zlib'
import { ArchiveError, CompressionError, type Entry } from './entry.ts'
import { readTar } from './tar.ts'
import { readStoredXz, XZ_MAGIC } from './xz.ts'

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])
const BZIP2_MAGIC = Buffer.from('BZh')
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

/** Throws `ArchiveError`. */
export function readArchive(bytes: Buffer): Entry[] {
  // archive_read_support_format_empty.c: no bytes at all are an archive of nothing.
  if (bytes.length === 0) return []
  try {
    return readTar(uncompressed(bytes))
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error
    throw new ArchiveError(error.message, entriesOf(error.before), error.before.length === 0)
  }
}

function entriesOf(damaged: Buffer): readonly Entry[] {
  try {
    return readTar(damaged)
  } catch (error) {
    if (error instanceof ArchiveError) return error.entries
    throw error
  }
}

function uncompressed(bytes: Buffer): Buffer {
  const begins = (magic: Buffer) => bytes.subarray(0, magic.length).equals(magic)
  if (begins(XZ_MAGIC)) return readStoredXz(bytes) ?? through(bytes, 'xz')
  if (begins(ZSTD_MAGIC)) return through(bytes, 'zstd')
  if (begins(BZIP2_MAGIC)) return through(bytes, 'bzip2')
  if (!begins(GZIP_MAGIC)) return bytes
  try {
    return gunzipSync(bytes)
  } catch {
    // archive_read_support_filter_gzip.c.
    throw new CompressionError('truncated gzip input')
  }
}

/** By the program of this machine, where it has one. */
function through(bytes: Buffer, program: string): Buffer {
  const { status, stdout, error } = spawnSync(program, ['-dc'], { input: bytes, maxBuffer: 2 ** 31 })
  if (error !== undefined) throw new Error(`to unpack this archive, install ${program} on the machine the tests run on`)
  if (status !== 0) throw new CompressionError('Lzma library error: Corrupted input data')
  return stdout
}
