/** jexec(8) in memory, and what of a jail's programs is played there. */
import { expect, test } from 'vitest'
import { CONF, web1 } from './web1.ts'

function started() {
  const jail = web1({ persist: '' })
  jail.run(`jail -f ${CONF} -c web1`)
  return jail
}

test('runs a command inside, or says why not [03:24, 03:29]', () => {
  const { run } = started()
  expect(run('jexec web1 ifconfig -l').stdout).toBe('lo0 vnet0\n')
  expect(run('jexec 1 hostname').stdout).toBe('fbsd.test\n')
  expect(run('jexec web1 cat /etc/rc.conf').stdout).toContain('hostname="fbsd.test"')
  expect(run('jexec web1 false').exit).toBe(1)
  expect(run('jexec nosuch true')).toEqual({ exit: 1, stdout: '', stderr: 'jexec: jail "nosuch" not found\n' })
  expect(run('jexec web1 nosuch').stderr).toBe('jexec: execvp: nosuch: No such file or directory\n')
})

test('a jail can be looked at and changed by its services', () => {
  const { run } = started()
  expect(run('jexec web1 service sshd status')).toMatchObject({ exit: 0 })
  expect(run('jexec web1 service sshd stop').stdout).toBe('Stopping sshd.\n')
  expect(run('jexec web1 service sshd status')).toEqual({ exit: 1, stdout: 'sshd is not running.\n', stderr: '' })
  expect(run('rctl -u jail:web1').stdout).toContain('maxproc=2\n')
})

test('a customer can take any link address and any address [live-8]', () => {
  const { run } = started()
  expect(run('jexec web1 ifconfig vnet0 ether 02:00:00:00:00:99').exit).toBe(0)
  expect(run('jexec web1 ifconfig vnet0 inet 10.66.0.99/24 alias').exit).toBe(0)
  expect(run('ifconfig -j web1 -f inet:cidr vnet0').stdout).toMatch(/02:00:00:00:00:99.*10\.66\.0\.99\/24/s)
})

test('what is not played is not taken for an answer', () => {
  expect(started().run('jexec web1 pkg info')).toMatchObject({
    exit: 64,
    stderr: 'sandbox: jexec: unknown program in a jail: pkg\n',
  })
})
