/**
 * The virtual machine with real OpenZFS for `npm run test:zfs`: QEMU, and a kernel and a disk image in the cache, which
 * are made once. What they are made of and how: test/zfs/image.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { capture, root, Stopped, step } from './say.mjs'

const RECIPES = join(root, 'test', 'zfs', 'image')
const PROGRAMS = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-img': 'qemu-utils',
  mmdebstrap: 'mmdebstrap',
  mke2fs: 'e2fsprogs',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
}
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** This machine cannot have the virtual machine, whatever is tried: reason enough to leave these tests out. */
export class Impossible extends Stopped {}

export async function needOpenZfs() {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bluejail')
  const kernel = join(cache, `zfs-kernel-${digestOf(['kernel.sh'])}`)
  const image = join(
    cache,
    `zfs-image-${digestOf(['kernel.sh', 'root.sh', 'first', 'start', 'mount'], process.version)}`,
  )
  await needPrograms()
  if (!existsSync(image)) {
    const sources = await debianSources()
    await make(kernel, "OpenZFS for a kernel of Debian's, once (about 5 min)", 'kernel.sh', [sources])
    await make(image, 'the disk image with OpenZFS (about 1 min)', 'root.sh', [sources, kernel, process.execPath])
  }
  return { BLUEJAIL_ZFS_KERNEL: kernel, BLUEJAIL_ZFS_IMAGE: image }
}

/** `target` is there only when it is complete. */
async function make(target, saying, recipe, words) {
  if (existsSync(target)) return
  const unfinished = `${target}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true, mode: 0o700 })
  const [sources, ...rest] = words
  const list = join(unfinished, 'sources.list')
  writeFileSync(list, sources)
  // With mounts of its own, so that none of them outlives a recipe that was killed, and hinders the next one.
  const alone = ['unshare', '--mount', '--propagation', 'private']
  await step(
    saying,
    ['nice', ...alone, 'sh', '-eu', join(RECIPES, recipe), unfinished, list, ...rest],
    'It needs the packages of Debian 12, those of contrib and of bookworm-backports included. Run this again once they are reachable.',
  )
  renameSync(unfinished, target)
}

async function needPrograms() {
  const missing = []
  for (const program of Object.keys(PROGRAMS)) if ((await capture(['which', program])).exit !== 0) missing.push(program)
  if (process.arch !== 'x64')
    throw new Impossible(`The machine with OpenZFS is made for x86-64; this is ${process.arch}.`)
  if (missing.length === 0) return
  const packages = [...new Set(missing.map(program => PROGRAMS[program]))].join(' ')
  const install = `apt-get install -y --no-install-recommends ${packages}`
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version'))
    throw new Impossible(
      `The machine with OpenZFS needs ${missing.join(', ')}, which this machine lacks. On Debian, run\n\n    sudo ${install}\n\nas root, then run this again.`,
    )
  const { exit, output } = await capture(['sh', '-c', `apt-get update -qq; ${install} --simulate`])
  if (exit !== 0)
    throw new Impossible(`The machine with OpenZFS needs ${packages}, and apt-get cannot install them:\n${output}`)
  await step(
    `installing ${packages} with apt-get, for the machine with OpenZFS (about 60 s)`,
    ['sh', '-c', install],
    'Install them by hand and run this again.',
    { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  )
}

/** Debian 12's packages, from where this machine has its own. */
async function debianSources() {
  if (process.getuid?.() !== 0)
    throw new Impossible('The image of the machine with OpenZFS is made by root. Run this as root once.')
  const { stdout } = await capture(['apt-get', 'indextargets', '--format', '$(ORIGIN) $(CODENAME) $(REPO_URI)'])
  const targets = stdout.split('\n').map(line => line.split(' '))
  const of = wanted => targets.find(([origin, codename]) => origin === 'Debian' && wanted.test(codename))?.[2]
  const [main, security] = [of(/^[a-z]+$/), of(/-security$/)]
  if (main === undefined || !existsSync(KEYRING))
    throw new Impossible(
      "The image of the machine with OpenZFS is made of Debian's packages, which this machine's apt does not know.",
    )
  const source = (uri, suite) => `deb [signed-by=${KEYRING}] ${uri} ${suite} main contrib\n`
  return [
    source(main, 'bookworm'),
    source(main, 'bookworm-backports'),
    ...(security === undefined ? [] : [source(security, 'bookworm-security')]),
  ].join('')
}

function digestOf(recipes, ...more) {
  const hash = createHash('sha256')
  for (const recipe of recipes) hash.update(`\0${recipe}\0`).update(readFileSync(join(RECIPES, recipe)))
  return hash.update(more.join('\0')).digest('hex').slice(0, 12)
}
