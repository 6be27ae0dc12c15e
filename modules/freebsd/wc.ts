/** wc(1): how large a file is. Source of its line, spaces, the number and the path: usr.bin/wc/wc.c. */
import type { RunStep } from '../core/step.ts'

/** Fails where the file has not so many bytes. */
export const checkSize = (path: string, bytes: number, means: string): RunStep => ({
  kind: 'run',
  command: ['wc', '-c', path],
  proof: { says: new RegExp(`^\\s*${bytes}\\s`), without: means },
})
