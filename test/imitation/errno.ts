/** Errors of system calls, in FreeBSD's words (lib/libc/gen/errlst.c). */

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EBUSY: 'Device busy',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EDQUOT: 'Disc quota exceeded',
  EEXIST: 'File exists',
  EFTYPE: 'Inappropriate file type or format',
  EHOSTUNREACH: 'No route to host',
  EINVAL: 'Invalid argument',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENETUNREACH: 'Network is unreachable',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
  ETIMEDOUT: 'Operation timed out',
  EXDEV: 'Cross-device link',
}

export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code in WORDS) return code
  throw error
}

/** strerror(3) of what a `Files` or a socket threw; anything else is a mistake of ours and thrown on. */
export const strerror = (error: unknown): string => WORDS[codeOf(error)] ?? ''
