/**
 * How packed code is run. A module's file is a line that names its interpreter, a line with Ansible's arguments, and this;
 * a program that the module installs on the host is the same file without the arguments, so nothing is carried twice.
 */

/** FreeBSD's ports install every node there. `env node` would not do: ansible-core 2.17 and later take it for one word. */
export const SHEBANG = '#!/usr/local/bin/node'

/** `packed` is JavaScript, deflated and in base64; it gets itself too, to be installed by. */
export function launching(packed: string, filename: string): string {
  const unpacked = `require('zlib').inflateRawSync(Buffer.from(__PACKED,'base64'))`
  const wrapped = `'(function(require,__ANSIBLE_FN,__PACKED){'+${unpacked}+'})'`
  const given = `typeof __ANSIBLE_FN=='function'?__ANSIBLE_FN:undefined`
  return [
    `const __PACKED='${packed}'`,
    `require('vm').runInThisContext(${wrapped},{filename:'${filename}'})(require,${given},__PACKED)`,
    '',
  ].join('\n')
}

/** A file that runs `packed` as a program of the host. */
export const programFile = (packed: string, filename: string) => `${SHEBANG}\n${launching(packed, filename)}`

declare const __PACKED: string | undefined

/** Run from its sources, as in most tests, a module has no built file to install. */
const UNBUILT = `${SHEBANG}\nthrow new Error('This was installed by a module run from its sources. Build it, and run the module again.')\n`

/** The program that this module installs: its own code. */
export const ownProgramFile = (name: string) => (typeof __PACKED === 'string' ? programFile(__PACKED, name) : UNBUILT)
