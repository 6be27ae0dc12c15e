import { expect, test } from 'vitest'
import { UnexpectedOutput } from '../../modules/core/errors.ts'
import { listTree, parseTree } from '../../modules/freebsd/mtree.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

/** As contrib/mtree/create.c writes: defaults by /set, long lines broken, directories after files, closed by `..`. */
const SPECIFICATION = `#	   user: root
/set type=file uid=0 gid=0 mode=0755 nlink=1 flags=none
.               type=dir nlink=4
    .profile    mode=0644 flags=uarch \\
                sha256digest=aa
    my\\040file  mode=0600 sha256digest=bb

# ./etc
/set type=file uid=0 gid=0 mode=0644 nlink=1 flags=none
etc             type=dir mode=0755
    aliases     type=link mode=0755 link=mail/aliases
    hosts       sha256digest=cc
# ./etc/mail
mail            type=dir mode=0755
    aliases     sha256digest=dd
# ./etc/mail
..
# ./etc
..
..
`

test('a specification becomes a path and its keywords an entry', () => {
  expect([...parseTree(SPECIFICATION)]).toEqual([
    ['.', 'flags=none gid=0 mode=0755 type=dir uid=0'],
    ['./.profile', 'flags=uarch gid=0 mode=0644 sha256digest=aa type=file uid=0'],
    ['./my\\040file', 'flags=none gid=0 mode=0600 sha256digest=bb type=file uid=0'],
    ['./etc', 'flags=none gid=0 mode=0755 type=dir uid=0'],
    ['./etc/aliases', 'flags=none gid=0 link=mail/aliases mode=0755 type=link uid=0'],
    ['./etc/hosts', 'flags=none gid=0 mode=0644 sha256digest=cc type=file uid=0'],
    ['./etc/mail', 'flags=none gid=0 mode=0755 type=dir uid=0'],
    ['./etc/mail/aliases', 'flags=none gid=0 mode=0644 sha256digest=dd type=file uid=0'],
  ])
})

test.each(['..\n', 'etc\n', 'mtree: oops\n'])('%j is not read', text => {
  expect(() => parseTree(text)).toThrow(UnexpectedOutput)
})

test('a tree is listed with owners, modes, flags, links and digests, names with spaces, and nothing mounted below', async () => {
  const host = fakeFreeBSD({
    datasets: { 'zroot/b': { mountpoint: '/b' }, 'zroot/other': { mountpoint: '/b/dev' } },
  })
  host.tree.mkdir('/b/etc')
  host.tree.write('/b/etc/my file', 'x\n')
  host.tree.write('/b/dev/null', '')
  const listing = await listTree(host, '/b')
  expect([...listing.keys()]).toEqual(['.', './dev', './etc', './etc/my\\040file'])
  expect(listing.get('./etc/my\\040file')).toBe(
    'flags=none gid=0 mode=0644 sha256digest=73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac type=file uid=0',
  )
  expect(host.counts).toMatchObject({ mtree: 1 })
})
