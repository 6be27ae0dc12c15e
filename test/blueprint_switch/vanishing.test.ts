/** Start scripts that go with the old blueprint while the instance starts them: told beforehand, whichever way it enables them. */
import { expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, foretold, NEXT, ROOT, seal, switched, switchHost, TO, unseal } from '../support/switch-host.ts'

async function withMysql(running: readonly string[] = ['web1']): Promise<FakeHost> {
  const host = await switchHost(['web1'], running)
  unseal(host, BLUEPRINT)
  host.tree.write(
    `/hosting/blueprints/${BLUEPRINT}/usr/local/etc/rc.d/mysql-server`,
    '#!/bin/sh\n. /etc/rc.subr\nname="mysql"\nrcvar=mysql_enable\nload_rc_config $name\n',
  )
  await seal(host, BLUEPRINT)
  return host
}

const told = (host: FakeHost) => foretold(host, TO).then(({ state }) => state.instances.web1?.scripts_vanishing ?? [])

test.each([
  ['rc.conf, by the variable that the script names', { 'etc/rc.conf': 'mysql_enable="YES"\n' }, ['mysql-server']],
  [
    'rc.conf.local, which counts more',
    { 'etc/rc.conf': 'mysql_enable="NO"\n', 'etc/rc.conf.local': 'mysql_enable="YES"\n' },
    ['mysql-server'],
  ],
  ['or less', { 'etc/rc.conf': 'mysql_enable="YES"\n', 'etc/rc.conf.local': 'mysql_enable="NO"\n' }, []],
  ['a file of its own', { 'etc/rc.conf.d/mysql': 'mysql_enable="YES"\n' }, ['mysql-server']],
  ['one of its own beside packages', { 'usr/local/etc/rc.conf.d/mysql': 'mysql_enable="YES"\n' }, ['mysql-server']],
  [
    'a directory of its own',
    { 'etc/rc.conf.d/mysql/10-on': 'mysql_enable="YES"\n', 'etc/rc.conf.d/mysql/20': '# no\n' },
    ['mysql-server'],
  ],
  ['another one’s', { 'etc/rc.conf.d/mysql-server': 'mysql_enable="YES"\n' }, []],
  ['what only sh could tell counts as yes', { 'etc/rc.conf': 'mysql_enable="$(touch /owned)YES"\n' }, ['mysql-server']],
  ['nothing', {}, []],
])('%s', async (_title, files, names) => {
  const host = await withMysql()
  for (const [path, text] of Object.entries(files)) {
    host.tree.mkdir(`${ROOT}/${path.slice(0, path.lastIndexOf('/'))}`)
    host.tree.write(`${ROOT}/${path}`, text)
  }
  expect(await told(host)).toEqual(names)
  expect(host.tree.lstat('/owned')).toBeUndefined()
})

test('of an instance that does not run it is told once its files are at hand', async () => {
  const host = await withMysql()
  host.tree.write(`${ROOT}/etc/rc.conf.local`, 'mysql_enable="YES"\n')
  host.tree.symlink(`${ROOT}/etc/rc.conf`, '/etc/master.passwd')
  host.outside('jail', '-f', '/etc/jail.conf.d/web1.conf', '-r', 'web1')
  expect(await told(host)).toEqual([])
  const { state, warnings } = await switched(host, TO)
  expect(state.instances.web1).toMatchObject({ outcome: 'switched', scripts_vanishing: ['mysql-server'] })
  expect(warnings).toContain(`web1: ${NEXT}@1 has no more mysql-server, which its rc.conf enables.`)
})
