/** What is sent from its origin is received as a clone of the same snapshot, wherever that is in the pool. */
import { expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { runAtOnce } from './run.ts'

/** `pool/lives` is a clone of a copy of `zroot/kept`, which has gone its own way since. */
function hosts() {
  const host = fakeFreeBSD({ pools: { zroot: {}, backup: {} }, datasets: { 'zroot/kept': {}, 'zroot/arrived': {} } })
  const zfs = (...args: string[]) => host.outside('zfs', ...args)
  const carry = (sent: readonly string[], ...received: string[]) =>
    runAtOnce(host.machine, 'zfs', {
      args: ['receive', '-u', '-x', 'mountpoint', ...received],
      stdin: Buffer.from(zfs('send', ...sent).stdout),
      cwd: '/',
      uid: 0,
    })
  zfs('snapshot', 'zroot/kept@one')
  carry(['-wp', 'zroot/kept@one'], 'backup/copy')
  zfs('snapshot', 'zroot/kept@own')
  zfs('clone', 'backup/copy@one', 'backup/lives')
  zfs('snapshot', 'backup/lives@auto')
  zfs('snapshot', 'backup/lives@move')
  return { zfs, carry }
}

test('an increment from its origin becomes a clone', () => {
  const { zfs, carry } = hosts()
  const sent = ['-wp', '-I', 'backup/copy@one', 'backup/lives@move']
  expect(carry(sent, 'zroot/arrived/lives')).toMatchObject({ exit: 0, stderr: '' })
  expect(zfs('get', '-H', '-o', 'value', 'origin', 'zroot/arrived/lives').stdout).toBe('zroot/kept@one\n')
  expect(zfs('list', '-H', '-o', 'name', '-t', 'snapshot', 'zroot/arrived/lives').stdout).toBe(
    'zroot/arrived/lives@auto\nzroot/arrived/lives@move\n',
  )
  expect(carry(sent, 'zroot/arrived/lives').stderr).toContain("destination 'zroot/arrived/lives' exists")
})

test('not where nothing has its guid, and not from any other dataset', () => {
  const { zfs, carry } = hosts()
  zfs('destroy', 'zroot/kept@one')
  expect(carry(['-wp', '-i', 'backup/copy@one', 'backup/lives@move'], 'zroot/arrived/lives').stderr).toContain(
    'local origin for clone zroot/arrived/lives@move does not exist',
  )
  expect(zfs('send', '-i', 'zroot/kept@own', 'backup/lives@move').stderr).toContain(
    'not an earlier snapshot from the same fs',
  )
})
