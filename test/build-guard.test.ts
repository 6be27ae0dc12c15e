/** Each thing that Ansible must not find in a module, one by one (build/guard.ts). */
import { describe, expect, test } from 'vitest'
import { complaintsAbout, MARKER, SIZE_LIMIT } from '../build/guard.ts'

const good = `#!/usr/local/bin/node\nconst f=()=>(${MARKER});\n"use strict";console.log(1)\n`
const complaints = (text: string) => complaintsAbout(Buffer.from(text, 'latin1'))

describe('the build guard', () => {
  test('has nothing to say of a good file', () => {
    expect(complaints(good)).toEqual([])
  })

  test.each([
    ['no first line naming node', good.slice(1), 'does not begin'],
    ['env in the first line', good.replace('/usr/local/bin/node', '/usr/bin/env node'), 'has a space'],
    ['no marker', good.replace(MARKER, '0'), 'occurs 0 times'],
    ['two markers', `${good}// ${MARKER}`, 'occurs 2 times'],
    ['a vertical tab', `${good}'\x0b'`, '0x0b'],
    ['a NUL after the first kilobyte', `${good}${'x'.repeat(2000)}\0`, '0x00'],
    ['DEL', `${good}'\x7f'`, '0x7f'],
    ['a byte above ASCII', `${good}'\xe4'`, '0xe4'],
    ['the style that passes a file of arguments', `${good}const WANT_JSON_PLEASE=1`, 'WANT_JSON'],
    ['the first Python marker', `${good}//#<<INCLUDE_ANSIBLE_MODULE_COMMON>>`, 'as Python'],
    ['a Python import from above', `${good}// from ..module_utils.x import y`, 'as Python'],
    [
      'a Python import from a collection',
      `${good}// import ansible_collections.a.b.plugins.module_utils.c`,
      'as Python',
    ],
    ['a Python import from Ansible', `${good}// from ansible.module_utils.basic import AnsibleModule`, 'as Python'],
    ['a plain Python import', `${good}// import ansible.module_utils.basic`, 'as Python'],
    ['the PowerShell marker', `${good}// # POWERSHELL_COMMON`, 'as PowerShell'],
    ['a PowerShell requirement', `${good}// #requires -version 5`, 'as PowerShell'],
    ["Ansible's own PowerShell requirement", `${good}// #AnsibleRequires -OSVersion 6`, 'as PowerShell'],
    ['the version marker', `${good}"<<ANSIBLE_VERSION>>"`, 'its version'],
    ['the Python arguments marker', `${good}"<<INCLUDE_ANSIBLE_MODULE_COMPLEX_ARGS>>"`, 'the arguments'],
    ['the SELinux marker', `${good}"<<SELINUX_SPECIAL_FILESYSTEMS>>"`, 'file systems'],
    ['the syslog marker', `${good}syslog.LOG_USER`, 'syslog'],
    ['too many bytes', `${good}${'x'.repeat(SIZE_LIMIT)}`, `${SIZE_LIMIT} are allowed`],
  ])('complains of %s', (_what, text, complaint) => {
    expect(complaints(text)).toEqual([expect.stringContaining(complaint)])
  })

  test('complains of a byte order mark, which hides the first line and looks binary', () => {
    expect(complaints(`\xef\xbb\xbf${good}`)).toEqual([
      expect.stringContaining('does not begin'),
      expect.stringContaining('0xef'),
    ])
  })

  test('knows AnsibleModule( alone for harmless', () => {
    expect(complaints(`${good}AnsibleModule(1)`)).toEqual([])
  })
})
