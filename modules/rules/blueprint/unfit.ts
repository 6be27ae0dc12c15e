/** What must not be in a blueprint when it is sealed: what every instance would share, and what can never be put right. */
import type { Listing } from '../../freebsd/mtree.ts'
import { OF_OPEN_DATABASE, TRIGGERS } from '../../freebsd/pkg.ts'
import { unvis } from '../../freebsd/vis.ts'

const takeAway = (path: string) => `Let the last of \`commands\` remove it: [rm, -f, /${path}].`

/** rc.d/sshd makes keys that are not there when it first starts, in each instance its own (libexec/rc/rc.d/sshd). */
const SHARED: readonly (readonly [path: RegExp, means: string])[] = [
  [/^(usr\/local\/)?etc\/ssh\/ssh_host_\w+_key(\.pub)?$/, 'a key of one host, and all instances would have the same'],
  [/^etc\/(hostid|machine-id)$/, 'the identity of one host, and all instances would have the same'],
]

/** In sentences. */
export function unfitIn(listing: Listing = new Map()): string[] {
  return [...listing.keys()]
    .map(key => unvis(key).replace(/^\.\//, ''))
    .sort()
    .flatMap(path => {
      const shared = SHARED.find(([pattern]) => pattern.test(path))
      if (shared !== undefined) return [`/${path} is ${shared[1]}. ${takeAway(path)}`]
      if (path.startsWith(`${TRIGGERS}/`))
        return [
          `/${path} is what a package was to run after its installation, and it did not end well. Look at that package.`,
        ]
      return OF_OPEN_DATABASE.some(each => each === path)
        ? [
            `/${path} shows that the package database was not closed, and where it is read-only nobody could read it. What \`commands\` install with pkg belongs into \`packages\`.`,
          ]
        : []
    })
}
