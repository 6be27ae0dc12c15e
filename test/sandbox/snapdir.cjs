/**
 * Hides `.zfs` from readdir(3), as `snapdir=hidden` does: preloaded into every node of a sandbox host, where it is a
 * directory like others (snapdir.ts).
 */
'use strict'
const fs = require('node:fs')

const nameOf = entry => String(entry.name ?? entry)
const shown = entries => entries.filter(entry => nameOf(entry) !== '.zfs')
const { readdir, readdirSync, promises } = fs
const readdirPromise = promises.readdir

fs.readdirSync = (...given) => shown(readdirSync(...given))

fs.readdir = (...given) => {
  const callback = given.pop()
  readdir(...given, (error, entries) => (error ? callback(error) : callback(null, shown(entries))))
}

promises.readdir = async (...given) => shown(await readdirPromise(...given))

// For `import { readdir } from 'node:fs/promises'`.
require('node:module').syncBuiltinESMExports()
