/** Where base.txz comes from, and what of it is believed. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { releaseFiles, releaseMirror } from '../fixtures/releases.ts'
import { publish, siteOf } from '../imitation/web.ts'
import { ARCHIVE_URL, applied, bare, datasetsOf, hostingHost, MIRROR, NOW, refusal } from '../support/blueprint-host.ts'

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

describe('what is fetched', () => {
  test('is told in the log of the host before it is', async () => {
    const host = hostingHost()
    const { steps } = await applied(host, { blueprints: [bare, { ...bare, name: 'other' }] })
    const told = steps.filter(step => step.includes(': fetching'))
    expect(told).toEqual(["logger -t bluejail 'blueprint 2026Q4-bare: fetching base.txz of 14.2-RELEASE'"])
    expect(steps.findIndex(step => step.startsWith('fetch '))).toBeGreaterThan(steps.indexOf(told[0] ?? ''))
  })

  test('stays for half a year after its last use', async () => {
    const host = hostingHost()
    const cache = '/hosting/build/.cache'
    const put = (name: string, days: number) => {
      host.tree.write(`${cache}/${name}`, 'x')
      host.tree.files.setModified(`${cache}/${name}`, NOW.getTime() / 1000 - days * 86_400)
    }
    await applied(host, bare)
    put('old.pkg', 185)
    put('new.pkg', 180)
    await applied(host, { ...bare, name: 'b' })
    expect(host.tree.list(cache)).toEqual([`base-${digest.slice(0, 16)}`, 'new.pkg'])
    expect(host.tree.files.bytes(`${cache}/base-${digest.slice(0, 16)}/base.txz`)).toBeDefined()
    put('old.pkg', 185)
    expect(await applied(host, { ...bare, name: 'b' })).toMatchObject({ changed: false })
  })
})

describe('base.size', () => {
  const silent = () => {
    const host = hostingHost()
    host.machine.faults.push({
      program: 'fetch',
      when: args => args.includes('-s'),
      kind: 'exit',
      exit: 0,
      stdout: 'Unknown\n',
    })
    return host
  }
  const sized = (size: number) => ({ ...bare, base: { url: ARCHIVE_URL, size } })

  test('is looked at after the fetch, too: a server may not tell', async () => {
    expect(await refusal(silent(), sized(archive.length - 1))).toMatch(
      /has the right digest and not the size that `base.size` says/,
    )
    const host = silent()
    await applied(host, sized(archive.length))
    expect(datasetsOf(host)).toContain('blueprints/2026Q4-bare@complete')
  })

  test('of each blueprint counts for it, also where they are of one URL', async () => {
    const host = hostingHost()
    const blueprints = [sized(archive.length), { ...sized(17), name: 'other' }]
    expect(await refusal(host, { blueprints })).toMatch(/^other: .* has \d+ bytes, and `base.size` says 17/)
    expect(host.performed).toEqual([])
  })
})
