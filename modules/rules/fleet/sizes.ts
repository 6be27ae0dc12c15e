/** How many instances each wave has, written as Ansible's `serial` is. */

export const USUAL_SERIAL: readonly string[] = ['1', '10%', '50%', '100%']

const SIZE = /^([1-9]\d{0,5}|(?:100|[1-9]\d?)%)$/

/** Why this cannot be a wave's size. */
export const sizeProblem = (size: string) =>
  SIZE.test(size) ? undefined : `'${size}' is not a wave's size: it is a number of instances, or 1% to 100% of all`

/** Wave by wave until all are in one; the last size counts again and again. Percentages are of all, at least one instance. */
export function sizesOf(serial: readonly string[], total: number): number[] {
  const sizes: number[] = []
  let left = total
  for (let at = 0; left > 0; at += 1) {
    const size = serial[Math.min(at, serial.length - 1)] ?? '100%'
    const count = size.endsWith('%') ? Math.max(1, Math.floor((total * Number(size.slice(0, -1))) / 100)) : Number(size)
    sizes.push(Math.min(count, left))
    left -= Math.min(count, left)
  }
  return sizes
}
