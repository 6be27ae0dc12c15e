/**
 * What Ansible must not find in a module's file, or must find exactly once. Ansible decides by these bytes how it sends a
 * module and what it substitutes in it (ansible-core, lib/ansible/executor/module_common.py, `_find_module_utils`).
 */

/** Every module is sent over ssh for each task. */
export const SIZE_LIMIT = 180_000

/** Replaced by the task's arguments, wherever it stands. */
export const MARKER = '<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>'

const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/WANT_JSON/, 'Ansible would pass the arguments in a file and never pipeline the module'],
  [/#<<INCLUDE_ANSIBLE_MODULE_COMMON>>/, 'Ansible would read the module as Python'],
  [/from +\.{2,} *module_utils.* +import/, 'Ansible would read the module as Python'],
  [
    /(from|import) +ansible_collections\.[^.]+\.[^.]+\.plugins\.module_utils/,
    'Ansible would read the module as Python',
  ],
  [/from +ansible\.module_utils.* +import/, 'Ansible would read the module as Python'],
  [/import +ansible\.module_utils\./, 'Ansible would read the module as Python'],
  [/# POWERSHELL_COMMON/, 'Ansible would read the module as PowerShell'],
  [/#Requires -(Module|Version)/i, 'Ansible would read the module as PowerShell'],
  [/#AnsibleRequires -/i, 'Ansible would read the module as PowerShell'],
  [/"<<ANSIBLE_VERSION>>"/, "Ansible would put its version in this text's place"],
  [/<<INCLUDE_ANSIBLE_MODULE_COMPLEX_ARGS>>/, "Ansible would put the arguments in this text's place"],
  [/<<SELINUX_SPECIAL_FILESYSTEMS>>/, "Ansible would put a list of file systems in this text's place"],
  [/syslog\.LOG_USER/, "Ansible would put the syslog facility in this text's place"],
]

/** Why Ansible would not run this file as it is meant; an empty list for a good one. */
export function complaintsAbout(file: Buffer): string[] {
  const text = file.toString('latin1')
  const complaints: string[] = []
  if (!text.startsWith('#!/')) complaints.push("it does not begin with '#!/': Ansible would not know what runs it")
  else if (/^#![^\n]*\s/.test(text.slice(0, text.indexOf('\n'))))
    complaints.push('its first line has a space: since ansible-core 2.17 that is quoted as one word and not found')

  const markers = text.split(MARKER).length - 1
  if (markers !== 1) complaints.push(`${MARKER} occurs ${markers} times, not once`)

  const odd = file.findIndex(byte => !isPlain(byte))
  if (odd !== -1)
    complaints.push(
      `byte ${odd} is 0x${file[odd]?.toString(16).padStart(2, '0')}: Ansible could take the file for a binary`,
    )

  for (const [pattern, why] of FORBIDDEN) {
    const found = pattern.exec(text)
    if (found) complaints.push(`it contains '${found[0].slice(0, 80)}': ${why}`)
  }

  if (file.length > SIZE_LIMIT) complaints.push(`it has ${file.length} bytes; ${SIZE_LIMIT} are allowed`)
  return complaints
}

/** Ansible calls a file binary by its first 1024 bytes; plain ASCII throughout is also safe from every terminal. */
const isPlain = (byte: number) =>
  (byte >= 0x20 && byte <= 0x7e) || (byte >= 7 && byte <= 10) || byte === 12 || byte === 13 || byte === 27
