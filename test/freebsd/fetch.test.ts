import { describe, expect, test } from 'vitest'
import { CommandFailed, UnexpectedOutput } from '../../modules/core/errors.ts'
import { describeCommand } from '../../modules/core/step.ts'
import { fetchFile, fetchText, remoteSize } from '../../modules/freebsd/fetch.ts'
import { checkSha256, readSha256 } from '../../modules/freebsd/sha256.ts'
import { extractArchive } from '../../modules/freebsd/tar.ts'
import { publish, siteOf } from '../imitation/web.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { machineThatSays } from './zfs-transcript.ts'

function host() {
  const made = fakeFreeBSD()
  publish(made.machine, 'http://a', siteOf({ '/x': 'twelve bytes' }))
  publish(made.machine, 'http://b', siteOf({}))
  return made
}

describe('fetch', () => {
  test('several URLs need a directory, and -1 to stop at the first that answers', () => {
    const words = (urls: string[]) => describeCommand(fetchFile('/c/base.txz', urls).command)
    expect(words(['http://a/base.txz'])).toBe('fetch -q -o /c/base.txz http://a/base.txz')
    expect(words(['http://a/base.txz', 'http://b/base.txz'])).toBe(
      'fetch -q -1 -o /c http://a/base.txz http://b/base.txz',
    )
  })

  test('a text comes from the first URL that has it', async () => {
    expect(await fetchText(host(), ['http://b/x', 'http://a/x'])).toEqual({ url: 'http://a/x', text: 'twelve bytes' })
  })

  test('where none has it, what each said is told', async () => {
    expect(await fetchText(host(), ['http://b/x', 'http://nobody/x'])).toEqual({
      problem: 'fetch: http://b/x: Not Found; fetch: http://nobody/x: No address record',
    })
  })

  test('sizes', async () => {
    expect(await remoteSize(host(), ['http://b/x', 'http://a/x'])).toEqual({ url: 'http://a/x', bytes: 12 })
    const says = (stdout: string) => machineThatSays(() => ({ stdout }))
    expect(await remoteSize(says('Unknown\n'), ['http://a'])).toEqual({ url: 'http://a', bytes: undefined })
    await expect(remoteSize(says('12 bytes\n'), ['http://a'])).rejects.toThrow(UnexpectedOutput)
  })

  test('a host without fetch is told so', async () => {
    const broken = host()
    broken.machine.fault({ program: 'fetch', kind: 'missing' })
    await expect(fetchText(broken, ['http://a/x'])).rejects.toThrow(/the program 'fetch' was not found/)
  })
})

describe('sha256', () => {
  const digest = '98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4'

  test('of files, in one process', async () => {
    const made = host()
    made.tree.write('/tmp/x', 'hi\n')
    expect([...(await readSha256(made, ['/tmp/x', '/etc/group'])).keys()]).toEqual(['/tmp/x', '/etc/group'])
    expect((await readSha256(made, ['/tmp/x'])).get('/tmp/x')).toBe(digest)
    expect(
      await readSha256(
        machineThatSays(() => ({ exit: 1 })),
        [],
      ),
    ).toEqual(new Map())
    await expect(
      readSha256(
        machineThatSays(() => ({ stdout: 'abc\n' })),
        ['/x'],
      ),
    ).rejects.toThrow(UnexpectedOutput)
  })

  test('a file that has another one is told in the words of whoever asked', async () => {
    const made = host()
    made.tree.write('/tmp/x', 'hi\n')
    await made.perform(checkSha256('/tmp/x', digest, 'It is another.'))
    await expect(made.perform(checkSha256('/tmp/x', 'a'.repeat(64), 'It is another.'))).rejects.toThrow(
      /^It is another\./,
    )
  })
})

test('an archive that is damaged is told so', async () => {
  const made = host()
  made.tree.write('/tmp/base.txz', 'no archive at all')
  await expect(made.perform(extractArchive('/tmp/base.txz', '/tmp'))).rejects.toThrow(CommandFailed)
  await expect(made.perform(extractArchive('/tmp/base.txz', '/tmp'))).rejects.toThrow(/is damaged\. Remove it/)
})
