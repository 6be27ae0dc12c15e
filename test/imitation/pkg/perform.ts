/** Does the jobs of a package operation, one after the other, as libpkg's pkg_jobs.c and pkg_add.c say it. */
import { posix } from 'node:path'
import { accountsOf } from '../accounts.ts'
import type { Entry } from '../archive/entry.ts'
import type { Disk } from '../disk.ts'
import { strerror } from '../errno.ts'
import { type Document, retrieve } from '../fetch/transfer.ts'
import type { Call, Machine } from '../machine.ts'
import { Exit, type Screen } from '../screen.ts'
import { type Steps, wait } from '../starting.ts'
import { createAccounts } from './accounts.ts'
import { type Contents, digest, readPackage } from './archive.ts'
import type { Found } from './catalogue.ts'
import type { Database } from './database.ts'
import type { Job } from './jobs.ts'
import { fullName, type Installed, type Package } from './package.ts'
import { done } from './progress.ts'
import type { Settings } from './settings.ts'
import { runTriggers } from './triggers.ts'

interface Work {
  readonly machine: Machine
  readonly call: Call
  readonly disk: Disk
  readonly settings: Settings
  readonly database: Database
  readonly screen: Screen
}

/** Ends the program where a package cannot be fetched or extracted; what was installed before stays. */
export function* perform(jobs: readonly Job[], work: Work): Steps<void> {
  const contents = new Map<Job, Contents>()
  for (const [index, job] of jobs.entries())
    if (job.does !== 'remove') contents.set(job, yield* fetchPackage(job.take, `[${index + 1}/${jobs.length}]`, work))
  const messages: string[] = []
  for (const [index, job] of jobs.entries()) {
    const place = `[${index + 1}/${jobs.length}]`
    const found = contents.get(job)
    if (job.does === 'remove') remove(job.before, place, work)
    else if (found !== undefined) {
      install(job, found, place, work)
      if (found.manifest.message !== '')
        messages.push(`=====\nMessage from ${fullName(job.take)}:\n\n--\n${found.manifest.message}\n`)
    }
  }
  yield* runTriggers(touchedBy(jobs, contents), work)
  work.screen.out(messages.join(''))
}

/** append_touched_file and append_touched_dir of libpkg/triggers.c. */
function touchedBy(jobs: readonly Job[], contents: ReadonlyMap<Job, Contents>): Set<string> {
  const changed = jobs.flatMap(job => [
    ...(contents.get(job)?.entries ?? []).map(each => (each.type === 'directory' ? `${each.path}/` : each.path)),
    ...Object.keys(job.before?.files ?? {}),
  ])
  return new Set(changed.map(path => path.slice(0, path.lastIndexOf('/'))))
}

function* fetchPackage(take: Found, place: string, { machine, disk, settings, screen }: Work): Steps<Contents> {
  const address = `${take.repository.url}/${take.repopath}`
  const isRemote = address.startsWith('http')
  const cached = `${settings.cacheDirectory}/${fullName(take)}~${take.sum.slice(0, 10)}.pkg`
  const before = isRemote ? disk.bytes(cached) : undefined
  if (before !== undefined && digest(before) === take.sum) return readPackage(before)
  const found: Document | string = yield* wait(retrieve(machine, address))
  if (typeof found === 'string') {
    screen.err(`pkg: ${address}: ${found}\n`)
    throw new Exit(1)
  }
  // What lies in a directory of this machine is taken from there.
  if (isRemote) done(screen, `${place} Fetching ${fullName(take)}`)
  if (found.content.length !== take.pkgsize || digest(found.content) !== take.sum) {
    screen.err(
      found.content.length === take.pkgsize
        ? `pkg: ${fullName(take)} failed checksum from repository\n`
        : `pkg: cached package ${fullName(take)}: size mismatch, fetching from remote\n`,
    )
    throw new Exit(1)
  }
  if (isRemote) keep(cached, take, found, disk, screen)
  return readPackage(found.content)
}

/** With the server's time, and a link by its plain name beside it (libpkg/fetch.c, pkg_fetch_file). */
function keep(cached: string, take: Found, { content, modified }: Document, disk: Disk, screen: Screen): void {
  const plain = `${posix.dirname(cached)}/${fullName(take)}.pkg`
  try {
    disk.mkdirs(posix.dirname(cached))
    disk.write(cached, content, 0o644)
    disk.setModified(cached, modified)
    if (disk.status(plain) !== undefined) disk.remove(plain)
    disk.symlink(posix.basename(cached), plain)
  } catch (error) {
    screen.err(`pkg: open(${cached}): ${strerror(error)}\n`)
    throw new Exit(1)
  }
}

function install(
  job: Exclude<Job, { does: 'remove' }>,
  { manifest, entries }: Contents,
  place: string,
  work: Work,
): void {
  const { machine, disk, settings, database, screen } = work
  const { before, take, does, automatic } = job
  const verb =
    does === 'upgrade' || does === 'downgrade'
      ? `${does === 'upgrade' ? 'Upgrading' : 'Downgrading'} ${take.name} from ${before?.version} to ${take.version}`
      : `${does === 'install' ? 'Installing' : 'Reinstalling'} ${fullName(take)}`
  screen.out(`${place} ${verb}...\n`)
  const others = database.read().filter(each => each.name !== take.name)
  try {
    createAccounts(manifest, settings.root, disk, screen)
    for (const each of entries) extract(each, work)
    if (before !== undefined) removeFiles(before, work, new Set(Object.keys(manifest.files)))
    for (const sample of manifest.samples) placeSample(sample, manifest, work)
    done(screen, `${place} Extracting ${fullName(take)}`, Object.keys(manifest.files).length)
    const now: Installed = {
      ...manifest,
      automatic,
      locked: before?.locked ?? false,
      timestamp: machine.seconds,
      repository: take.repository.name,
    }
    database.write([...others, now])
  } catch (error) {
    screen.out(`${place} Extracting ${fullName(take)}: ... done\n`)
    screen.err(`pkg: Fail to create temporary file: ${errorPlace(error)}: ${strerror(error)}\n`)
    screen.err(`pkg: Fail to extract ${take.name} from package\n`)
    throw new Exit(1)
  }
}

const errorPlace = (error: unknown) => (error instanceof Error ? (/\/.*$/.exec(error.message)?.[0] ?? '') : '')

function extract(each: Entry, { machine, disk, settings }: Work): void {
  const path = posix.join('/', settings.root, each.path)
  const there = disk.status(path)
  if (each.type === 'directory') {
    if (there === undefined) {
      disk.mkdirs(posix.dirname(path))
      disk.mkdir(path, each.mode)
    }
  } else {
    disk.mkdirs(posix.dirname(path))
    // Beside it and renamed: whoever has the old one open keeps it.
    const temporary = `${posix.dirname(path)}/.pkgtemp.${posix.basename(path)}`
    if (each.type === 'link') disk.symlink(each.target, temporary)
    else disk.write(temporary, each.content, 0o600)
    disk.rename(temporary, path)
  }
  const accounts = accountsOf(machine, settings.root)
  disk.setOwner(path, accounts.uidOf(each.uname) ?? each.uid, accounts.gidOf(each.gname) ?? each.gid)
  if (each.type !== 'link') disk.setMode(path, each.mode)
  disk.setModified(path, each.modified)
}

/** A settings file nobody has changed follows its sample; one that was changed is left. */
function placeSample(sample: string, { files }: Package, { disk, settings }: Work): void {
  const from = posix.join('/', settings.root, sample)
  const to = from.replace(/\.sample$/, '')
  const content = disk.bytes(from)
  if (content === undefined || files[sample] === undefined || disk.status(to) !== undefined) return
  const { mode, uid, gid } = disk.stat(from) ?? { mode: 0o644, uid: 0, gid: 0 }
  disk.write(to, content, mode)
  disk.setOwner(to, uid, gid)
}

function remove(before: Installed, place: string, work: Work): void {
  const { database, screen } = work
  screen.out(`${place} Deinstalling ${fullName(before)}...\n`)
  removeFiles(before, work, new Set())
  done(screen, `${place} Deleting files for ${fullName(before)}`, Object.keys(before.files).length)
  database.write(database.read().filter(each => each.name !== before.name))
}

function removeFiles(before: Installed, { disk, settings }: Work, kept: ReadonlySet<string>): void {
  const directories = new Set<string>(Object.keys(before.directories))
  for (const path of Object.keys(before.files)) {
    const place = posix.join('/', settings.root, path)
    if (kept.has(path) || disk.status(place) === undefined) continue
    if (before.samples.includes(path)) removeUnchanged(place, disk)
    disk.remove(place)
    directories.add(posix.dirname(path))
  }
  // Below the prefix, and where nothing else is.
  for (const path of [...directories].sort().reverse()) {
    const place = posix.join('/', settings.root, path)
    if (path.split('/').length > 3 && (disk.list(place) ?? ['']).length === 0) disk.remove(place)
  }
}

function removeUnchanged(sample: string, disk: Disk): void {
  const place = sample.replace(/\.sample$/, '')
  const [own, given] = [disk.bytes(place), disk.bytes(sample)]
  if (own !== undefined && given?.equals(own)) disk.remove(place)
}
