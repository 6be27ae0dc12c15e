import { describe, expect, test } from 'vitest'
import { fakeFreeBSD } from '../../support/fake-freebsd.ts'
import { packageSite, trigger } from '../../support/package-site.ts'
import { publish, siteOf } from '../web.ts'

const ROOT = '/b'
const SAVED = `${ROOT}/var/db/pkg/triggers`

function installing(script: string, sandbox: boolean) {
  const files = { '/usr/local/share/pkg/triggers/t.ucl': trigger('/usr/local/share/web', script, sandbox) }
  const site = packageSite({ web: { version: '1', files } })
  const host = fakeFreeBSD({
    datasets: { 'zroot/b': { mountpoint: ROOT } },
    files: {
      '/tmp/pkg.conf': 'REPOS_DIR [ /tmp/repos ]\nASSUME_ALWAYS_YES: yes\n',
      '/tmp/repos/site.conf': 'site: { url: "http://pkg.example.net" }\n',
    },
  })
  publish(host.machine, 'http://pkg.example.net', siteOf(mapped(site)))
  return { host, ...host.outside('pkg', '-C', '/tmp/pkg.conf', '-r', ROOT, 'install', '-y', 'web') }
}

const mapped = (site: Record<string, Buffer>) =>
  Object.fromEntries(Object.entries(site).map(([path, content]) => [`/${path}`, content]))

describe('triggers (freebsd/pkg, libpkg/triggers.c and tests/frontend/triggers.sh)', () => {
  test('one that runs programs waits for a chroot, and then goes', () => {
    const { host, stdout } = installing('print("plop")', false)
    expect(stdout).toContain('==> Running trigger: t.ucl\n')
    expect(stdout).not.toContain('plop')
    const [name = ''] = host.tree.list(SAVED) ?? []
    expect(host.tree.read(`${SAVED}/${name}`)).toBe(
      '--begin args\n-- /usr/local/share/web\n--end args\n--\nprint("plop")\n',
    )
    expect(host.outside('pkg', '-c', ROOT, 'triggers')).toEqual({ exit: 0, stdout: 'plop\n', stderr: '' })
    expect(host.tree.list(SAVED)).toEqual([])
  })

  test('one that failed stays, and the exit status is 0', () => {
    const { host } = installing('error("no")', false)
    expect(host.outside('pkg', '-c', ROOT, 'triggers')).toEqual({
      exit: 0,
      stdout: '',
      stderr: 'pkg: Failed to execute lua trigger: [string "error("no")"]:1: no\npkg: lua script failed\n',
    })
    expect(host.tree.list(SAVED)).toHaveLength(1)
  })

  test('one that runs none is run at once, and may run none', () => {
    const { host, stderr } = installing('pkg.exec({"echo", "plop"})', true)
    expect(stderr).toContain('pkg.exec not available in sandbox\npkg: lua script failed\n')
    expect(host.tree.lstat(SAVED)).toBeUndefined()
  })

  test('where nothing waits, nothing is done', () => {
    const { host } = installing('print("plop")', true)
    expect(host.outside('pkg', '-c', ROOT, 'triggers')).toEqual({ exit: 0, stdout: '', stderr: '' })
  })
})
