/** Checksums as pkg 2 keeps them: `2$`, then BLAKE2b in base 32 (libpkg/pkg_checksum.c, pkg_checksum_encode_base32). */
import { createHash } from 'node:crypto'

/** z-base-32. */
const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769'

export function checksum(content: Buffer): string {
  return `2$${base32(createHash('blake2b512').update(content).digest())}`
}

/** Bits go out lowest first, across bytes. */
function base32(bytes: Buffer): string {
  let text = ''
  let [held, count] = [0, 0]
  for (const byte of bytes) {
    held |= byte << count
    count += 8
    while (count >= 5) {
      text += ALPHABET[held & 31]
      held >>= 5
      count -= 5
    }
  }
  return count > 0 ? text + ALPHABET[held & 31] : text
}
