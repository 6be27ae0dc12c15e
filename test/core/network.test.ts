/** Asking servers, against real ones on the loopback. */
import { createServer as webServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { contact } from '../../modules/core/network.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

function listening(server: Server): Promise<number> {
  servers.push(server)
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

const tcp = (port: number) => ({ kind: 'tcp', address: '127.0.0.1', port }) as const
const http = (port: number, path: string) => ({ kind: 'http', url: `http://127.0.0.1:${port}${path}` }) as const

test('a port that takes connections, and one that does not', async () => {
  const port = await listening(createServer())
  expect(await contact(tcp(port), 2)).toEqual({})
  servers.splice(0)[0]?.close()
  expect(await contact(tcp(port), 2)).toEqual({ problem: expect.stringContaining('ECONNREFUSED') })
})

test('a web server: status and text, as the site of another name', async () => {
  const port = await listening(
    webServer((asked, answer) => {
      answer.statusCode = asked.url === '/gone' ? 410 : 200
      answer.end(`${asked.headers.host}: ${asked.url} ü`)
    }),
  )
  expect(await contact(http(port, '/gone'), 2)).toMatchObject({ status: 410 })
  expect(await contact({ ...http(port, '/health'), host: 'shop.example' }, 2)).toEqual({
    status: 200,
    text: 'shop.example: /health ü',
  })
})

test('one that takes the connection and never answers, hangs up, or never ends', async () => {
  const mute = await listening(createServer())
  expect(await contact(http(mute, '/'), 0.1)).toEqual({ problem: 'no answer within 0.1 s' })
  const rude = await listening(createServer(socket => socket.destroy()))
  expect((await contact(http(rude, '/'), 2)).problem).toBeTruthy()
  const talking = await listening(
    webServer((_asked, answer) => {
      const more = setInterval(() => answer.write('x'.repeat(1 << 18)), 1)
      answer.on('close', () => clearInterval(more))
    }),
  )
  expect((await contact(http(talking, '/'), 5)).status).toBe(200)
})
