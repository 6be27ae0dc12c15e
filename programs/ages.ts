/** How old something is, for a person. */

/** `3h`, `2d`: enough to see that something is wrong. */
export function age(seconds: number): string {
  if (seconds < 3600) return `${Math.floor(seconds / 60)}min`
  return seconds < 2 * 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}
