/** What forbids a switch, and the exact words: nothing was touched. */
import { expect, test } from 'vitest'
import { describeStep } from '../../modules/core/step.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, failing, NEXT, ROOT, runsOn, seal, switchHost, TO, unseal } from '../support/switch-host.ts'

function rewrite(host: FakeHost, name: string, change: (manifest: Record<string, unknown>) => void): void {
  const path = `/hosting/blueprints/${name}/.blueprint.json`
  const manifest = JSON.parse(host.tree.read(path) ?? '{}')
  change(manifest)
  unseal(host, name)
  host.tree.write(path, JSON.stringify(manifest))
  host.outside('zfs', 'set', 'readonly=on', `zroot/hosting/blueprints/${name}`)
  host.outside('zfs', 'snapshot', `zroot/hosting/blueprints/${name}@complete`)
}

interface Fault {
  readonly happens: (host: FakeHost) => unknown
  readonly options?: object
  readonly message: string
}

const REFUSED: Record<string, Fault> = {
  'an instance that is not there': {
    happens: () => undefined,
    options: { id: 'web9', blueprint: NEXT },
    message:
      'web9: there is no such instance here: /hosting/instances/web9/fstab is not there. instance_mounts writes it.',
  },
  'a blueprint that is not there': {
    happens: () => undefined,
    options: { id: 'web1', blueprint: '2031Q1' },
    message: 'The blueprint 2031Q1 is not there (/hosting/blueprints/2031Q1). Build it with blueprint_jail.',
  },
  'a blueprint that is not complete': {
    happens: host => void host.outside('zfs', 'set', 'bluejail:stage=sealing', `zroot/hosting/blueprints/${NEXT}`),
    message: `The blueprint ${NEXT} is not complete (sealing). Run blueprint_jail for it again.`,
  },
  'a blueprint that is corrupt': {
    happens: host =>
      rewrite(host, NEXT, manifest => {
        manifest.digest = 'sha256:0'
      }),
    message: `The blueprint ${NEXT} is corrupt: the list of its files does not have the digest that its manifest tells. See what is wrong with blueprint_jail and \`verify: true\`, and build it anew under another name.`,
  },
  'a release that is newer than the kernel': {
    happens: host =>
      rewrite(host, NEXT, manifest => {
        manifest.release = '15.0-RELEASE'
      }),
    message: `The blueprint ${NEXT} has 15.0-RELEASE, which is newer than this host's kernel (1402000), and programs of a newer release may not run on it. Update the host first.`,
  },
  'a revision that the blueprint is not at': {
    happens: () => undefined,
    options: { ...TO, revision: 2 },
    message: `The blueprint ${NEXT} is at revision 1, and 2 was asked for. Give that revision, or none.`,
  },
  'an fstab that mounts no blueprint': {
    happens: host => host.tree.write('/hosting/instances/web1/fstab', '# by hand\n'),
    message: `web1: what it runs on is not known: /hosting/instances/web1/fstab was changed by hand, and it mounts no blueprint at ${ROOT}. Put it right with instance_mounts.`,
  },
  'an fstab that was edited by hand while the instance runs': {
    happens: host => {
      const path = '/hosting/instances/web1/fstab'
      host.tree.write(path, `${host.tree.read(path)}/srv ${ROOT}/home nullfs ro 0 0\n`)
    },
    message: `web1: /hosting/instances/web1/fstab does not say what is mounted (/srv is not mounted at ${ROOT}/home): it was changed by hand while the instance runs. Put it right with instance_mounts, or restart the instance.`,
  },
  'an fstab of which a line was removed by hand while the instance runs': {
    happens: host => {
      const path = '/hosting/instances/web1/fstab'
      const lines = (host.tree.read(path) ?? '').split('\n')
      host.tree.write(path, lines.filter(line => !line.includes(`${ROOT}/home `)).join('\n'))
    },
    message: `web1: /hosting/instances/web1/fstab does not say what is mounted (zroot/hosting/instances/web1/home is mounted at ${ROOT}/home, and is not in it): it was changed by hand while the instance runs. Put it right with instance_mounts, or restart the instance.`,
  },
  'a dataset that is nearly full': {
    happens: host => void host.outside('zfs', 'set', 'quota=2M', 'zroot/hosting/instances/web1/etc'),
    message:
      'web1: zroot/hosting/instances/web1/etc has 1 MiB left, and a switch needs 17 MiB to be safe. Free some space in the pool, or raise its quota.',
  },
  'a quota on all of the instance that is nearly reached': {
    happens: host => void host.outside('zfs', 'set', 'quota=12M', 'zroot/hosting/instances/web1'),
    message:
      'web1: zroot/hosting/instances/web1, with its journal and fstab, has 11 MiB left, and a switch needs 17 MiB to be safe. Free some space in the pool, or raise its quota.',
  },
  'files of the new blueprint that are larger than what is left': {
    happens: async host => {
      unseal(host, NEXT)
      host.tree.write(`/hosting/blueprints/${NEXT}/etc/large.db`, 'x'.repeat(9 << 20))
      await seal(host, NEXT)
      host.outside('zfs', 'set', 'quota=24M', 'zroot/hosting/instances/web1/etc')
    },
    message:
      'web1: zroot/hosting/instances/web1/etc has 23 MiB left, and a switch needs 26 MiB to be safe. Free some space in the pool, or raise its quota.',
  },
  'a conflict, and conflicts are to fail': {
    happens: host => host.tree.write(`${ROOT}/usr/local/etc/php.ini`, 'memory = 64\n'),
    options: { ...TO, conflicts: 'fail' },
    message:
      'web1: a file was changed both by the customer and by the blueprint (usr/local/etc/php.ini: the customer and the new blueprint changed the same lines, in 1 place). Say `conflicts: keep` or `replace`, or make them alike.',
  },
  'a blueprint without what is mounted from it, and without a mount point': {
    happens: async host => {
      unseal(host, NEXT)
      host.tree.files.remove(`/hosting/blueprints/${NEXT}/usr/local/etc/rc.d`)
      host.tree.files.remove(`/hosting/blueprints/${NEXT}/home`)
      await seal(host, NEXT)
    },
    message: `web1: the blueprint ${NEXT} has no home, where zroot/hosting/instances/web1/home is mounted. Build one that has it (\`directories\`), under another name. web1: the blueprint ${NEXT} has no usr/local/etc/rc.d, which is mounted from it. Build one that has it (\`directories\`), under another name.`,
  },
  'the blueprint of its files was removed': {
    happens: host => void host.outside('zfs', 'set', 'bluejail:blueprint=2020Q1', 'zroot/hosting/instances/web1/etc'),
    message:
      'web1: its files came from 2020Q1@1, and the list of what that had is not there (/hosting/blueprints/2020Q1/.zfs/snapshot/complete): the blueprint was removed or is damaged. Without it nobody can tell what the customer changed. Build that blueprint again.',
  },
}

test.each(Object.entries(REFUSED))('%s', async (_title, { happens, options = TO, message }) => {
  const host = await switchHost()
  await happens(host)
  const error = await failing(host, options)
  expect(error.message).toBe(message)
  expect(host.performed.filter(step => /journal|jail -f|zfs/.test(describeStep(step)))).toEqual([])
  expect(runsOn(host, 'web1')).toBe(BLUEPRINT)
})
