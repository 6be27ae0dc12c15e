/**
 * `foo.conf.sample` of a package is what `foo.conf` was copied from. As pkg's @sample does (ports, Keywords/sample.ucl):
 * whoever uses the sample as it is gets the next one too.
 */
import type { Side } from './entry.ts'
import type { Copy } from './plan-shape.ts'

const SUFFIX = '.sample'

/** The file that this is the sample of. */
export const sampledBy = (path: string): string | undefined =>
  path.endsWith(SUFFIX) && !path.endsWith(`/${SUFFIX}`) ? path.slice(0, -SUFFIX.length) : undefined

/** The customer's file is the old blueprint's sample, byte for byte. */
export function isSampleInUse(path: string, old: Side, own: Side): boolean {
  const [sample, used] = [old.get(path + SUFFIX), own.get(path)]
  return (
    sample?.kind === 'file' && used?.kind === 'file' && sample.sha256 !== undefined && sample.sha256 === used.sha256
  )
}

/** Files that no blueprint has, and the customer has copied from samples. */
export function sampleCopies(paths: readonly string[], old: Side, newer: Side, own: Side): Copy[] {
  return paths.flatMap((source): Copy[] => {
    const path = sampledBy(source)
    const [sample, used] = [newer.get(source), own.get(path ?? '')]
    if (path === undefined || used === undefined || old.has(path) || newer.has(path)) return []
    if (sample?.kind !== 'file' || sample.sha256 === used.sha256 || !isSampleInUse(path, old, own)) return []
    return [{ path, source, attributes: { mode: used.mode, uid: used.uid, gid: used.gid } }]
  })
}
