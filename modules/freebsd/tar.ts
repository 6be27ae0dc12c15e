/** tar(1): archives, with modes, owners, file flags, ACLs and hard links kept (`-p`; fact live-12). */
import type { RunStep } from '../core/step.ts'

const EXTRACT_SECONDS = 3600

export const extractArchive = (archive: string, directory: string): RunStep => ({
  kind: 'run',
  command: ['tar', '-xpf', archive, '-C', directory],
  timeoutSeconds: EXTRACT_SECONDS,
  keepsLock: true,
  objections: [
    {
      said: /Disc quota exceeded|No space left on device|Write failed/,
      means: `There is not enough space for what is in ${archive}. Free some, or raise the quota.`,
      unlessSuccessful: true,
    },
    {
      said: /Truncated|Unrecognized archive format|Lzma library error|decompression failed/i,
      means: `${archive} is damaged. Remove it and run this again.`,
      unlessSuccessful: true,
    },
  ],
})
