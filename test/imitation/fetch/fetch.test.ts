import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeFreeBSD } from '../../support/fake-freebsd.ts'
import { publish, siteOf } from '../web.ts'

const server = createServer((request, response) => {
  if (request.url === '/cut') {
    response.writeHead(200, { 'content-length': '20' })
    response.write('0123456789')
    setTimeout(() => response.destroy(), 5)
  } else if (request.url === '/moved') response.writeHead(302, { location: '/file' }).end()
  else if (request.url === '/file')
    response.writeHead(200, { 'last-modified': 'Sun, 22 Nov 2026 12:00:00 GMT' }).end('served')
  else response.writeHead(404).end('no')
})
let base = ''
beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

const fetching = async (host: ReturnType<typeof fakeFreeBSD>, ...args: string[]) =>
  host.query(['fetch', ...args], { exits: [0, 1] })

describe('fetch from a server', () => {
  test('takes the time from the server, and follows it elsewhere', async () => {
    const host = fakeFreeBSD()
    expect(await fetching(host, '-q', '-o', '/tmp/x', `${base}/moved`)).toMatchObject({ exit: 0, stderr: '' })
    expect(host.tree.read('/tmp/x')).toBe('served')
    expect(host.tree.files.status('/tmp/x')?.modified).toBe(Date.parse('2026-11-22T12:00:00Z') / 1000)
  })

  test('names the URL and the reason when there is none', async () => {
    const host = fakeFreeBSD()
    expect(await fetching(host, '-q', '-o', '/tmp/x', `${base}/nosuch`)).toMatchObject({
      exit: 1,
      stderr: `fetch: ${base}/nosuch: Not Found\n`,
    })
    expect(host.tree.read('/tmp/x')).toBeUndefined()
    expect((await fetching(host, '-qo', '-', 'http://127.0.0.1:1/x')).stderr).toBe(
      'fetch: http://127.0.0.1:1/x: Connection refused\n',
    )
  })

  test('keeps what came before the connection broke, and exits 1', async () => {
    const host = fakeFreeBSD()
    expect(await fetching(host, '-q', '-o', '/tmp/x', `${base}/cut`)).toMatchObject({
      exit: 1,
      stderr: 'fetch: /tmp/x appears to be truncated: 10/20 bytes\n',
    })
    expect(host.tree.read('/tmp/x')).toBe('0123456789')
  })

  test('reaches nothing outside of this machine', async () => {
    const host = fakeFreeBSD()
    expect((await fetching(host, '-qo', '-', 'http://www.example.org/')).stderr).toBe(
      'fetch: http://www.example.org/: No address record\n',
    )
  })
})

describe('fetch from a site of the test', () => {
  const host = fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/small': { mountpoint: '/small', quota: '1M' } } })
  publish(host.machine, 'http://mirror.test', siteOf({ '/a': 'first', '/big': Buffer.alloc(2 << 20) }))

  test('shows its size, and refuses another', () => {
    expect(host.outside('fetch', '-s', 'http://mirror.test/a').stdout).toBe('5\n')
    expect(host.outside('fetch', '-q', '-S', '6', '-o', '/tmp/a', 'http://mirror.test/a')).toMatchObject({
      exit: 1,
      stderr: 'fetch: http://mirror.test/a: size mismatch: expected 6, actual 5\n',
    })
  })

  test('-1 stops at the first that answers; the directory gets a file of the same name', () => {
    const { exit, stderr } = host.outside(
      'fetch',
      '-q',
      '-1',
      '-o',
      '/tmp',
      'http://mirror.test/no',
      'http://mirror.test/a',
    )
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: 'fetch: http://mirror.test/no: Not Found\n' })
    expect(host.tree.read('/tmp/a')).toBe('first')
  })

  test('-m leaves what is the same', () => {
    host.tree.files.setMode('/tmp/a', 0o600)
    expect(host.outside('fetch', '-m', '-o', '/tmp/a', 'http://mirror.test/a')).toMatchObject({ exit: 0, stderr: '' })
    expect(host.outside('fetch', '-q', '-o', '/tmp/a', 'http://mirror.test/a').exit).toBe(0)
    expect(host.tree.files.status('/tmp/a')?.mode).toBe(0o600)
  })

  test('a full dataset ends it, and leaves nothing', () => {
    expect(host.outside('fetch', '-q', '-o', '/small/big', 'http://mirror.test/big')).toMatchObject({
      exit: 1,
      stderr: 'fetch: /small/big: Disc quota exceeded\n',
    })
    expect(host.tree.read('/small/big')).toBeUndefined()
  })

  test('file: URLs and directories that do not exist', () => {
    expect(host.outside('fetch', '-q', '-o', '/tmp/b', 'file:///tmp/a').exit).toBe(0)
    expect(host.outside('fetch', '-qo', '-', 'file:///nosuch').stderr).toBe(
      'fetch: file:///nosuch: No such file or directory\n',
    )
    expect(host.outside('fetch', '-q', '-o', '/no/where', 'http://mirror.test/a').stderr).toBe(
      'fetch: /no/where: open(): No such file or directory\n',
    )
  })
})
