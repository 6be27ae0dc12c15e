/** A host in memory whose blueprint is amended, and what an instance shall have of that. */
import { expect } from 'vitest'
import { listTree } from '../../modules/freebsd/mtree.ts'
import { renderListing } from '../../modules/rules/blueprint/manifest.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT } from '../support/instance-host.ts'

export const SOURCE = `/hosting/blueprints/${BLUEPRINT}`
export const SOURCE_DATASET = `zroot/hosting/blueprints/${BLUEPRINT}`
export const ROOT = '/hosting/instances/web1/root'
export const web1 = { id: 'web1', blueprint: BLUEPRINT }
export const dataset = (name: string) => `zroot/hosting/instances/web1/${name}`

/** As blueprint_jail seals a revision, after `change`. */
export async function seal(host: FakeHost, revision: number, change: () => void): Promise<void> {
  const name = revision === 1 ? 'complete' : `r${revision}`
  host.outside('zfs', 'set', 'readonly=off', SOURCE_DATASET)
  if (revision === 1) host.outside('zfs', 'destroy', `${SOURCE_DATASET}@complete`)
  change()
  host.tree.write(`${SOURCE}/.blueprint.mtree`, renderListing(await listTree(host, SOURCE)))
  host.outside('zfs', 'snapshot', `${SOURCE_DATASET}@${name}`)
  host.outside('zfs', 'set', 'readonly=on', `bluejail:revision=${revision}`, SOURCE_DATASET)
}

export const add = (host: FakeHost, path: string, text: string, mode = 0o644) => {
  host.tree.mkdir(`${SOURCE}/${path.slice(0, path.lastIndexOf('/'))}`)
  host.tree.write(`${SOURCE}/${path}`, text, mode)
}

/** An amendment with files of every kind, and some that are no instance's affair. */
export const amend = (host: FakeHost, revision = 2) =>
  seal(host, revision, () => {
    add(host, 'usr/local/etc/php/ext-20-gd.ini', 'extension=gd.so\n', 0o640)
    host.tree.chown(`${SOURCE}/usr/local/etc/php/ext-20-gd.ini`, 0, 80)
    add(host, 'usr/local/etc/php/a name # with.ini', 'odd\n')
    host.tree.symlink(`${SOURCE}/usr/local/etc/php/current.ini`, 'ext-20-gd.ini')
    host.tree.mkdir(`${SOURCE}/var/log/gd`)
    host.tree.chmod(`${SOURCE}/var/log/gd`, 0o750)
    host.tree.chown(`${SOURCE}/var/log/gd`, 80, 80)
    add(host, 'usr/local/lib/gd.so', 'a module')
    add(host, 'usr/local/etc/rc.d/gd', '#!/bin/sh\n', 0o555)
    host.tree.write(`${SOURCE}/var/db/pkg/local.sqlite`, 'more packages')
  })

export function expectAmended(host: FakeHost, at: { etc: string; var: string }): void {
  const { files } = host.tree
  expect(files.status(`${at.etc}/php`)).toMatchObject({ type: 'directory', mode: 0o755, uid: 0 })
  expect(files.status(`${at.etc}/php/ext-20-gd.ini`)).toMatchObject({ mode: 0o640, uid: 0, gid: 80 })
  expect(host.tree.read(`${at.etc}/php/ext-20-gd.ini`)).toBe('extension=gd.so\n')
  expect(host.tree.read(`${at.etc}/php/a name # with.ini`)).toBe('odd\n')
  expect(files.target(`${at.etc}/php/current.ini`)).toBe('ext-20-gd.ini')
  expect(files.status(`${at.var}/log/gd`)).toMatchObject({ type: 'directory', mode: 0o750, uid: 80, gid: 80 })
}

/** The revision that a dataset was filled from, and up to which it has additions. */
export const recorded = (host: FakeHost, name: string) =>
  host
    .outside('zfs', 'get', '-H', '-o', 'value', 'bluejail:revision,bluejail:added', dataset(name))
    .stdout.trim()
    .split('\n')
