/** What move.yml works out of what a host lists, and which entry of the inventory is that of before. Nothing is asked of any host. */
import { expect, test } from 'vitest'
import { evaluated } from '../support/variables.ts'

const [TIME, BEFORE] = ['20261122T120000Z', '20261121T080000Z']
const OWN = 'zroot/hosting/instances/web1'
const files = ['playbooks/vars/move.yml']
const vars = { move_id: 'web1', move_time: TIME, move_from: 'here', move_to: 'here' }

/** As a terminal shows it. */
const found = (...names: string[]) => ({ move_found: { stdout: names.map(name => `${name}\r\n`).join('') } })

test('snapshots of this move go by their exact names, and what else a move left is told', async () => {
  const own = [`${OWN}@move-${TIME}`, `${OWN}/var-db@moved-${TIME}`, `${OWN}/two words@moved-${TIME}`]
  const earlier = `${OWN}/var-db@move-${BEFORE}`
  const left = `zroot/hosting/left/web1-${BEFORE}`
  const others = [
    `${OWN}0@move-${TIME}`,
    `zroot/hosting/instances/web12/etc@move-${TIME}`,
    `zrootXhosting/instances/web1@move-${TIME}`,
    `${OWN}/etc@move-${TIME}0`,
    `${OWN}/etc@remove-${TIME}`,
    `${OWN}/etc@auto-${TIME}`,
    `zroot/hosting/left/web1-b-${BEFORE}`,
    'zroot/hosting/left',
    `cannot open '${OWN}': dataset does not exist`,
  ]
  const inventory = found(...own, earlier, left, ...others)
  const told = await evaluated('2.19', ['move_taken', 'move_staying'], { inventory, files, vars })
  expect(told?.move_taken).toEqual(own)
  expect(told?.move_staying).toEqual([
    `On here stay, held, cloned or of a move that was cut off: ${[...own, earlier].join(', ')}.`,
    `On here is kept, until you destroy it: ${left}.`,
  ])
})

test('where nothing is listed, nothing goes and nothing is told', async () => {
  for (const inventory of [{ move_found: {} }, found(`cannot open '${OWN}': dataset does not exist`)])
    expect(await evaluated('2.16', ['move_taken', 'move_staying'], { inventory, files, vars })).toEqual({
      move_taken: [],
      move_staying: [],
    })
})

test('it goes back to what its own host says of it, without what the new place changes', async () => {
  const inventory = {
    move_known: [{ id: 'web1', addresses: ['10.66.7.11/24'] }],
    move_changes: { addresses: ['10.66.8.11/24'], gateways: ['10.66.8.1'] },
  }
  expect(await evaluated('2.19', ['move_former'], { inventory, files, vars })).toEqual({
    move_former: { id: 'web1', addresses: ['10.66.7.11/24'] },
  })
})
