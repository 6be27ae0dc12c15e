/**
 * Gives open(2) of this Linux the flag O_EXLOCK that FreeBSD's has: preloaded into every node of a sandbox host. The lock
 * is a real flock(2), as on FreeBSD (open(2): "behaves as if by flock"): flock(1) takes it on our own descriptor, whose
 * open file it shares, so it stays when flock(1) is gone and ends with the last close or with the process.
 */
'use strict'
const fs = require('node:fs')

const O_SHLOCK = 0x10
const O_EXLOCK = 0x20
const FLOCK = '/.sandbox/linux/usr/bin/flock'
/** flock(1), --conflict-exit-code: a status of its own, so that a failure is not taken for a held lock. */
const HELD = 75

const wantsLock = flags => typeof flags === 'number' && (flags & (O_SHLOCK | O_EXLOCK)) !== 0
const withoutLock = flags => flags & ~(O_SHLOCK | O_EXLOCK)

const flockArguments = flags => [
  flags & O_EXLOCK ? '--exclusive' : '--shared',
  ...(flags & fs.constants.O_NONBLOCK ? ['--nonblock', '--conflict-exit-code', String(HELD)] : []),
  '3',
]

const stdio = descriptor => ({ stdio: ['ignore', 'ignore', 'inherit', descriptor] })

function refusal(status, path) {
  const [code, words] =
    status === HELD ? ['EAGAIN', 'resource temporarily unavailable'] : ['EIO', `flock(1) ended with ${status}`]
  // The numbers are FreeBSD's (sys/errno.h).
  return Object.assign(new Error(`${code}: ${words}, open '${path}'`), {
    errno: code === 'EAGAIN' ? -35 : -5,
    code,
    syscall: 'open',
    path: String(path),
  })
}

/** Calls back with the status of flock(1). */
function take(descriptor, flags, callback) {
  const { spawn } = require('node:child_process')
  const locker = spawn(FLOCK, flockArguments(flags), stdio(descriptor))
  locker.once('error', error => callback(error.code))
  locker.once('exit', callback)
}

const { open, openSync, promises } = fs
const openPromise = promises.open

fs.openSync = function openSyncWithLock(path, flags, mode) {
  if (!wantsLock(flags)) return openSync.apply(this, arguments)
  const descriptor = openSync(path, withoutLock(flags), mode)
  const { spawnSync } = require('node:child_process')
  const { status, error } = spawnSync(FLOCK, flockArguments(flags), stdio(descriptor))
  if (status === 0) return descriptor
  fs.closeSync(descriptor)
  throw refusal(status ?? error.code, path)
}

fs.open = function openWithLock(path, flags, ...rest) {
  if (!wantsLock(flags)) return open.apply(this, arguments)
  const callback = rest.pop()
  open(path, withoutLock(flags), ...rest, (error, descriptor) => {
    if (error) return callback(error)
    take(descriptor, flags, status => {
      if (status === 0) callback(null, descriptor)
      else fs.close(descriptor, () => callback(refusal(status, path)))
    })
  })
}

promises.open = async function openPromiseWithLock(path, flags, mode) {
  if (!wantsLock(flags)) return openPromise.apply(this, arguments)
  const file = await openPromise(path, withoutLock(flags), mode)
  const status = await new Promise(resolve => take(file.fd, flags, resolve))
  if (status === 0) return file
  await file.close()
  throw refusal(status, path)
}

// For `import { open } from 'node:fs/promises'`.
require('node:module').syncBuiltinESMExports()
