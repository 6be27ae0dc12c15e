/** Where base.txz comes from, and what of it is believed. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { releaseFiles, releaseMirror } from '../fixtures/releases.ts'
import { publish, siteOf } from '../imitation/web.ts'
import { ARCHIVE_URL, applied, bare, datasetsOf, hostingHost, MIRROR, refusal } from '../support/blueprint-host.ts'

const { 'base.txz': archive } = releaseFiles('14.2-RELEASE')
const digest = createHash('sha256').update(archive).digest('hex')

describe('mirrors', () => {
  const other = 'http://other.example.net'
  const both = { mirrors: [`${other}/releases`, `${MIRROR}/releases`] }

  test('the second is asked where the first has nothing, or nobody answers', async () => {
    const host = hostingHost()
    publish(host.machine, other, siteOf({}))
    await applied(host, { ...bare, base: both })
    await applied(host, { ...bare, name: 'b', base: { mirrors: ['http://nobody.example.net', `${MIRROR}/releases`] } })
    expect(datasetsOf(host)).toContain('blueprints/b@complete')
  })

  test('the second is asked where the first breaks off in the middle', async () => {
    const host = hostingHost()
    const whole = siteOf(releaseMirror())
    publish(host.machine, other, path => {
      const answer = whole(path)
      if (!path.endsWith('base.txz')) return answer
      return { ...answer, content: answer.content.subarray(0, 1000), size: answer.content.length }
    })
    await applied(host, { ...bare, base: both })
    expect(datasetsOf(host)).toContain('blueprints/2026Q4-bare@complete')
  })

  test('one that breaks off and has nobody after it fails, and the next run begins anew', async () => {
    const host = hostingHost()
    const whole = siteOf(releaseMirror())
    publish(host.machine, MIRROR, path => ({
      ...whole(path),
      content: whole(path).content.subarray(0, 1000),
      size: 9e6,
    }))
    const url = { ...bare, base: { url: ARCHIVE_URL, sha256: digest } }
    expect(await refusal(host, url)).toMatch(/A mirror broke off .*Run this again, or name another mirror/)
    expect(datasetsOf(host)).not.toContain('build/2026Q4-bare')
    publish(host.machine, MIRROR, whole)
    await applied(host, url)
    expect(datasetsOf(host)).toContain('blueprints/2026Q4-bare@complete')
  })

  test('what does not have the digest of MANIFEST is not unpacked, and is fetched anew by the next run', async () => {
    const host = hostingHost()
    const files = releaseMirror()
    const path = new URL(ARCHIVE_URL).pathname
    publish(host.machine, MIRROR, siteOf({ ...files, [path]: Buffer.concat([archive, Buffer.from('!')]) }))
    expect(await refusal(host, bare)).toMatch(/What was fetched is not the base.txz .* name another one/)
    expect(datasetsOf(host)).toEqual(['blueprints', 'build', 'instances'])
    publish(host.machine, MIRROR, siteOf(files))
    await applied(host, bare)
    expect(datasetsOf(host)).toContain('blueprints/2026Q4-bare@complete')
  })

  test('a kept archive that was tampered with is fetched again', async () => {
    const host = hostingHost()
    await applied(host, bare)
    const kept = `/hosting/build/.cache/base-${digest.slice(0, 16)}/base.txz`
    host.tree.files.write(kept, Buffer.from('something else'))
    const { steps } = await applied(host, { ...bare, name: 'b' })
    expect(steps).toContain(`fetch -q -o ${kept} ${ARCHIVE_URL}`)
    expect(host.tree.files.bytes(kept)?.equals(archive)).toBe(true)
  })
})
