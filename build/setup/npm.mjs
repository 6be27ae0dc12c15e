/** Node itself, and the packages of package-lock.json. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, Stopped, step } from './say.mjs'

const OLDEST = [20, 19]

export function needNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return
  throw new Stopped(`Node ${OLDEST.join('.')} or later is needed; this is ${process.versions.node}.`)
}

export async function needNodePackages() {
  if (installedAsLocked()) return
  await step(
    'npm ci, since node_modules is missing or package-lock.json changed (about 15 s)',
    ['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error'],
    'It needs the npm registry, or a cache that has the packages. Run this again once that is reachable.',
  )
}

/** npm keeps in node_modules what it installed; compared with the lock file, package by package. */
function installedAsLocked() {
  const locked = packagesOf('package-lock.json')
  const installed = packagesOf('node_modules/.package-lock.json')
  if (locked === undefined || installed === undefined) return false
  return Object.entries(locked).every(([path, { version, optional }]) => {
    if (path === '') return true
    const found = installed[path]
    // Optional packages are those of other platforms.
    return found === undefined ? optional === true : found.version === version
  })
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages
  } catch {
    return undefined
  }
}
