/**
 * The .xz format (xz-file-format.txt of XZ Utils) without compression: LZMA2 chunks may be stored as they are. So archives
 * can be made and read with nothing but Node; what is really compressed is left to xz(1).
 */
import { crc32 } from 'node:zlib'
import { CompressionError } from './entry.ts'

export const XZ_MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])
/** Check by CRC32. */
const FLAGS = Buffer.from([0x00, 0x01])
const CHUNK = 0x10000
const LZMA2 = 0x21
/** Dictionary of 64 KiB. */
const DICTIONARY = 0x08

export function writeXz(content: Buffer): Buffer {
  const blockHeader = withCrc(Buffer.from([0x02, 0x00, LZMA2, 0x01, DICTIONARY, 0, 0, 0]))
  const chunks: Buffer[] = []
  for (let at = 0; at < content.length; at += CHUNK) {
    const chunk = content.subarray(at, at + CHUNK)
    const head = Buffer.from([at === 0 ? 0x01 : 0x02, 0, 0])
    head.writeUInt16BE(chunk.length - 1, 1)
    chunks.push(head, chunk)
  }
  const data = Buffer.concat([...chunks, Buffer.from([0x00])])
  const unpaddedSize = blockHeader.length + data.length + 4
  const block = Buffer.concat([blockHeader, data, zeros(-data.length & 3), littleEndian(crc32(content))])

  const index = Buffer.concat([Buffer.from([0x00, 0x01]), multibyte(unpaddedSize), multibyte(content.length)])
  const paddedIndex = withCrc(Buffer.concat([index, zeros(-index.length & 3)]))
  const backward = Buffer.concat([littleEndian(paddedIndex.length / 4 - 1), FLAGS])
  const footer = Buffer.concat([littleEndian(crc32(backward)), backward, Buffer.from('YZ')])
  return Buffer.concat([XZ_MAGIC, FLAGS, littleEndian(crc32(FLAGS)), block, paddedIndex, footer])
}

/** The content, or undefined where it is compressed. Throws `CompressionError` where the file ends too early. */
export function readStoredXz(bytes: Buffer): Buffer | undefined {
  const headerSize = ((bytes[12] ?? 0) + 1) * 4
  if (bytes.length < 24) throw truncated([])
  if (bytes[14] !== LZMA2) return undefined
  const pieces: Buffer[] = []
  for (let at = 12 + headerSize; ; ) {
    const control = bytes[at]
    if (control === undefined) throw truncated(pieces)
    if (control === 0x00) break
    if (control > 0x02) return undefined
    const size = at + 3 <= bytes.length ? bytes.readUInt16BE(at + 1) + 1 : CHUNK
    if (at + 3 + size > bytes.length) throw truncated(pieces)
    pieces.push(bytes.subarray(at + 3, at + 3 + size))
    at += 3 + size
  }
  const content = Buffer.concat(pieces)
  const dataLength = content.length + pieces.length * 3 + 1
  const check = 12 + headerSize + dataLength + (-dataLength & 3)
  if (check + 4 > bytes.length) throw truncated(pieces)
  // archive_read_support_filter_xz.c, set_error: LZMA_DATA_ERROR.
  if (bytes.readUInt32LE(check) !== crc32(content))
    throw new CompressionError('Lzma library error: Corrupted input data', content)
  return content
}

/** archive_read_support_filter_xz.c, set_error: LZMA_BUF_ERROR. */
const truncated = (pieces: readonly Buffer[]) =>
  new CompressionError('Lzma library error: No progress is possible', Buffer.concat(pieces))
const zeros = (count: number) => Buffer.alloc(count)
const withCrc = (bytes: Buffer) => Buffer.concat([bytes, littleEndian(crc32(bytes))])

function littleEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}

function multibyte(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return Buffer.from([...bytes, rest])
}
