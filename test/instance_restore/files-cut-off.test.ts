/** Files are restored, and power goes at every moment: the next run ends as one that was never disturbed. */
import { expect, test } from 'vitest'
import { PowerCut } from '../imitation/faults.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { startJail } from '../support/instance-host.ts'
import { ROOT, restoreHost, TOP } from '../support/restore-host.ts'
import { AS_OF, datasetsBelow, restored } from './runs.ts'

const WWW = `${ROOT}/usr/local/www`

/** Something is in the place of one; another was removed with what leads to it. */
const FILES = { files: ['etc/rc.conf', 'usr/local/www/site/index.html', 'usr/local/www/site/css'], as_of: AS_OF }

async function running(): Promise<FakeHost> {
  const host = await restoreHost()
  startJail(host, 'web1')
  for (const path of ['css/a.css', 'css', 'index.html', '']) host.tree.files.remove(`${WWW}/site/${path}`)
  return host
}

function below({ tree: { files } }: FakeHost, path: string): unknown {
  const { type, mode, uid } = files.status(path) ?? {}
  const names = type === 'directory' ? (files.list(path) ?? []) : []
  const inside = names.map(name => [name, below({ tree: { files } } as FakeHost, `${path}/${name}`)])
  return [type, mode, uid, type === 'file' ? files.bytes(path)?.toString() : Object.fromEntries(inside)]
}

const picture = (host: FakeHost) => [
  ...[`${ROOT}/etc`, WWW].map(path => below(host, path)),
  datasetsBelow(host, TOP),
  host.tree.files.list('/hosting/instances/web1'),
]

test.each([{ in_place: false }, { in_place: true }])('%j', async place => {
  const options = { ...FILES, ...place }
  const undisturbed = await running()
  const { state } = await restored(undisturbed, options)
  let changes = 1
  for (let isCut = true; isCut; changes++) {
    const host = await running()
    host.machine.cutPowerAfter(changes)
    isCut = await restored(host, options).then(
      () => false,
      error => {
        if (error instanceof PowerCut || error.cause instanceof PowerCut) return true
        throw error
      },
    )
    host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
    if (isCut) {
      host.boot()
      startJail(host, 'web1')
      await restored(host, options)
    }
    expect(picture(host), `cut after ${changes} changes`).toEqual(picture(undisturbed))
    expect(await restored(host, options), `cut after ${changes} changes`).toMatchObject({ changed: false, state })
  }
  expect(changes).toBeGreaterThan(15)
})
