/** Tasks inside instances, through the connection that the inventory of instances gives them. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ansible, cores, type Ran } from '../support/ansible.ts'
import { type Fleet, startFleet } from '../support/fleet.ts'

let fleet: Fleet
beforeAll(async () => {
  fleet = await startFleet()
})
afterAll(() => fleet.stop())

const only = ({ rows, stdout, stderr }: Ran): Record<string, unknown> => {
  expect(rows, stdout + stderr).toHaveLength(1)
  return { status: rows[0]?.status, ...rows[0]?.result }
}

describe.each(cores)('inside an instance, with ansible-core %s', core => {
  const run = async (...args: string[]) =>
    only(await ansible('ansible', ['-i', fleet.inventory, 'shop', ...args], { environment: fleet.environment, core }))

  test('a command runs there as root, its exit status is told', async () => {
    expect(await run('-m', 'raw', '-a', 'hostname; id -un; test -t 0 || echo no terminal')).toMatchObject({
      status: 'ok',
      stdout: 'shop.example.net\nroot\nno terminal\n',
    })
    expect(await run('-m', 'raw', '-a', 'echo "it\'s" >&2; exit 7')).toMatchObject({ rc: 7, stderr: "it's\n" })
  })

  test('one becomes another user there', async () => {
    const done = await run('-b', '--become-user', 'www', '-m', 'raw', '-a', 'id -un; hostname')
    expect(done.stdout).toBe('www\nshop.example.net\n')
  })

  test.each([['a\nb $HOME "c" \'d\'\n'], [''], ['\u00fc'.repeat(200_000)]])('a script is sent and run', async words => {
    const script = join(fleet.directory, 'my script.sh')
    writeFileSync(
      script,
      `#!/bin/sh\nwc -c < "$0"; id -un; touch /tmp/was-here; rm /tmp/was-here\n: <<'END'\n${words}\nEND\n`,
    )
    const bytes = readFileSync(script).length
    const done = await run('-m', 'script', '-a', `'${script}'`)
    expect(done.stdout).toMatch(new RegExp(`^${bytes}\\s+root\\s+$`))
    expect(await fleet.must('jexec shop ls /root/.ansible/tmp')).toBe('')
  })

  test('modules that need Python run, pipelined or not, and fetch brings files', async () => {
    const python = ['-e', 'ansible_python_interpreter=/.sandbox/python']
    const source = join(fleet.directory, 'page.html')
    const content = '<p>\u00fc \u0000</p>\n'.repeat(1000)
    writeFileSync(source, content)
    writeFileSync(join(fleet.directory, 'empty'), '')
    for (const pipelining of ['true', 'false']) {
      const more = [...python, '-e', `ansible_pipelining=${pipelining}`]
      const copied = await run('-m', 'copy', '-a', `src=${source} dest=/root/page-${core}-${pipelining}`, ...more)
      expect(copied).toMatchObject({ status: 'ok', changed: true })
      expect(await fleet.must(`jexec shop cat /root/page-${core}-${pipelining}`)).toBe(content.trim())
    }
    const empty = `src=${join(fleet.directory, 'empty')} dest=/root/empty-${core}`
    expect(await run('-m', 'copy', '-a', empty, ...python)).toMatchObject({ status: 'ok', changed: true })
    const fetched = join(fleet.directory, 'fetched')
    await run('-m', 'fetch', '-a', `src=/root/page-${core}-true dest=${fetched} flat=yes`, ...python)
    expect(readFileSync(fetched, 'utf8')).toBe(content)
    rmSync(fetched)
  })

  test('a link of the customer leads nowhere on the host', async () => {
    await fleet.must('jexec shop ln -sfn /tmp/trap /root/trap; mkdir -p /tmp/trap')
    const source = join(fleet.directory, 'harmless')
    writeFileSync(source, 'harmless\n')
    const python = ['-e', 'ansible_python_interpreter=/.sandbox/python']
    await run('-m', 'raw', '-a', 'mkdir -p /tmp/trap')
    await run('-m', 'copy', '-a', `src=${source} dest=/root/trap/x`, ...python)
    expect(await fleet.must('ls /tmp/trap; jexec shop cat /tmp/trap/x')).toBe('harmless')
  })

  test('an instance that does not run is unreachable, in words', async () => {
    const ran = await ansible('ansible', ['-i', fleet.inventory, 'spare', '-m', 'raw', '-a', 'true'], {
      environment: fleet.environment,
      core,
    })
    expect(only(ran)).toMatchObject({
      status: 'unreachable',
      msg: expect.stringContaining('the instance spare does not run on 127.0.0.1: start it first'),
    })
  })

  test('a login at the host that may not become root is told so', async () => {
    await fleet.must('cp -p /etc/sudoers /tmp/sudoers; sed -i s/NOPASSWD:// /etc/sudoers')
    const refused = await run('-m', 'raw', '-a', 'true')
    await fleet.must('mv /tmp/sudoers /etc/sudoers')
    expect(refused).toMatchObject({
      status: 'unreachable',
      msg: expect.stringMatching(
        /admin at 127\.0\.0\.1 may not become root without a password.* shop .*: sudo: a password/,
      ),
    })
  })
})

test('ansible-doc shows the connection with the options of ssh', async () => {
  for (const core of cores) {
    const { stdout } = await ansible('ansible-doc', ['-t', 'connection', '-j', 'bluejail.hosting.instance'], { core })
    const { options } = JSON.parse(stdout)['bluejail.hosting.instance'].doc
    expect(options).toMatchObject({ instance: { required: true }, escalation: { default: 'sudo' } })
    expect(Object.keys(options)).toEqual(
      expect.arrayContaining(['host', 'port', 'private_key_file', 'ssh_common_args']),
    )
  }
})
