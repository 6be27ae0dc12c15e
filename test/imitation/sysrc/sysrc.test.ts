import { describe, expect, test } from 'vitest'
import { fakeFreeBSD } from '../../support/fake-freebsd.ts'

const machineWith = (text: string) => {
  const host = fakeFreeBSD({ files: { '/tmp/rc.test': text } })
  const sysrc = (...args: string[]) => host.outside('sysrc', '-f', '/tmp/rc.test', ...args)
  return { host, sysrc, text: () => host.tree.read('/tmp/rc.test') }
}

describe('sysrc [07-sysrc.jsonl]', () => {
  test('says the old and the new value, also when they are equal [host-3]', () => {
    const { sysrc, text } = machineWith('')
    expect(sysrc('a_enable=YES').stdout).toBe('a_enable:  -> YES\n')
    expect(sysrc('a_enable=YES').stdout).toBe('a_enable: YES -> YES\n')
    expect(sysrc('a_enable=NO').stdout).toBe('a_enable: YES -> NO\n')
    expect(text()).toBe('a_enable="NO"\n')
  })

  test('checks by its exit status, and knows nothing of what is not set [host-3]', () => {
    const { sysrc } = machineWith('a_enable="NO"\n')
    expect(sysrc('-c', 'a_enable=NO').exit).toBe(0)
    expect(sysrc('-c', 'a_enable=YES').exit).toBe(1)
    expect(sysrc('-n', 'nosuch')).toMatchObject({ exit: 1, stderr: "sysrc: unknown variable 'nosuch'\n" })
  })

  test('adds a word once and takes words away [host-3]', () => {
    const { sysrc, text } = machineWith('list="one"\n')
    sysrc('list+=two')
    expect(sysrc('list+=two').stdout).toBe('list: one two -> one two\n')
    expect(sysrc('list-=one').stdout).toBe('list: one two -> two\n')
    expect(text()).toBe('list="two"\n')
  })

  test('replaces the last assignment in place and keeps its quotes and comment', () => {
    const { sysrc, text } = machineWith("a=1\nb='x'  # why\na=2\n")
    sysrc('b=y')
    sysrc('a=3')
    expect(text()).toBe('a=1\nb=\'y\'  # why\na="3"\n')
  })

  test('refuses names that the shell would not take [host-3]', () => {
    const { sysrc } = machineWith('')
    expect(sysrc('kern.racct.enable=1')).toMatchObject({
      exit: 1,
      stderr: 'sysrc: kern.racct.enable: name contains characters not allowed in shell\n',
    })
  })

  test('evaluates what it reads, as root on the host [host-1]', () => {
    const { sysrc, host } = machineWith('a="$(/usr/bin/touch /tmp/owned)"\nb="`id`"\n')
    expect(sysrc('-n', 'a').exit).toBe(0)
    expect(host.tree.read('/tmp/owned')).toBe('')
    expect(sysrc('-e', '-a')).toMatchObject({ stdout: 'a=""\nb=""\n', stderr: '/tmp/rc.test: id: not found\n' })
  })

  test('writes quotes as they are, so that what it wrote does not read back [host-3]', () => {
    const { sysrc, text } = machineWith('')
    expect(sysrc('q=it is "quoted" $HOME').stdout).toBe('q:  -> it is quoted \n')
    expect(text()).toBe('q="it is "quoted" $HOME"\n')
  })

  test('stops at a file that is no shell script', () => {
    const { sysrc } = machineWith('a="never closed\n')
    expect(sysrc('b=1')).toMatchObject({ exit: 1 })
  })

  test('names what it does not imitate', () => {
    expect(machineWith('').sysrc('-d', 'a')).toMatchObject({
      exit: 64,
      stderr: 'sandbox: sysrc: unknown way to use -d\n',
    })
  })
})
