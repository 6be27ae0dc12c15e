/**
 * `pfctl -a '*' -sr`: rules with those of the anchors they call, an indentation for each (pfctl_show_rules of
 * sbin/pfctl/pfctl.c). Where a rule calls `hosting/*`, all anchors in `hosting` are shown, whatever rules it has itself.
 */
export type Anchors = Readonly<Record<string, { readonly filter: readonly string[] }>>

export function shownWithin(anchors: Anchors, anchor: string, depth = 0): string[] {
  const indent = '  '.repeat(depth)
  return (anchors[anchor]?.filter ?? []).flatMap(text => {
    const called = /^anchor "([^"]+)"/.exec(text)?.[1]
    if (called === undefined) return [`${indent}${text}`]
    const path = anchor === '' ? called : `${anchor}/${called}`
    const within = path.endsWith('/*')
      ? everyAnchorIn(anchors, path.slice(0, -2), depth + 1)
      : shownWithin(anchors, path, depth + 1)
    return [`${indent}${text} {`, ...within, `${indent}}`]
  })
}

function everyAnchorIn(anchors: Anchors, parent: string, depth: number): string[] {
  const below = Object.keys(anchors).filter(name => name.startsWith(`${parent}/`))
  const names = new Set(below.map(name => name.slice(parent.length + 1).split('/')[0] ?? ''))
  const indent = '  '.repeat(depth)
  return [...names]
    .sort()
    .flatMap(name => [
      `${indent}anchor "${name}" all {`,
      ...shownWithin(anchors, `${parent}/${name}`, depth + 1),
      `${indent}}`,
    ])
}
