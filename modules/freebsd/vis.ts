/** vis(3): how mtree(8) writes a name that would break its lines (contrib/mtree, vispath). */

/** unvis(3) of what stands there: bytes as `\040`, and a backslash as two. */
export const unvis = (word: string): string =>
  Buffer.concat(
    word.split(/(\\[0-7]{3}|\\\\)/).map(piece => {
      if (piece === '\\\\') return Buffer.from('\\')
      return /^\\[0-7]{3}$/.test(piece) ? Buffer.from([Number.parseInt(piece.slice(1), 8)]) : Buffer.from(piece)
    }),
  ).toString()
