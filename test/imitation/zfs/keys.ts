/** Encryption keys (lib/libzfs/libzfs_crypto.c): `zfs load-key`, `unload-key`, `change-key`, and keys at creation. */
import type { Machine } from '../machine.ts'
import { mountOf } from '../mounts.ts'
import { getopt, type Program, Unknown } from '../screen.ts'
import type { Dataset } from '../state.ts'
import { readAssignments } from './assignments.ts'
import { attempt, type Failing, failure } from './errors.ts'
import { open, tree } from './names.ts'
import { encryptionRoot, isLocked } from './status.ts'
import { validate } from './validate.ts'

/**
 * What a new dataset's encryption will be, given its parent's (zfs_crypto_create): the properties fixed at creation and,
 * for a new encryption root, its key.
 */
export function encryptionAtCreation(
  machine: Machine,
  parent: Dataset | undefined,
  wanted: Map<string, string>,
  stdin: Buffer,
  failing: Failing,
): { readonly fixed: Record<string, string>; readonly key?: { secret: string; loaded: boolean } } {
  const above = parent?.fixed.encryption ?? 'off'
  const cipher = wanted.get('encryption') ?? above
  const format = wanted.get('keyformat') ?? 'none'
  const location = wanted.get('keylocation')
  if (cipher === 'off') {
    if ((location ?? 'none') !== 'none' || wanted.has('keyformat') || wanted.has('pbkdf2iters'))
      throw failure(failing, 'Encryption must be turned on to set encryption properties.')
    return { fixed: {} }
  }
  if (format === 'none') {
    if (above === 'off' || location !== undefined) throw failure(failing, 'Keyformat required for new encryption root.')
    if (parent !== undefined && isLocked(machine, parent)) throw failure(failing, 'permission denied')
    const { keyformat = 'passphrase', pbkdf2iters = '0' } = parent?.fixed ?? {}
    return { fixed: { encryption: cipher, keyformat, pbkdf2iters } }
  }
  wanted.set('keylocation', location ?? 'prompt')
  const secret = readKey(machine, wanted.get('keylocation') ?? 'prompt', format, stdin, failing)
  const pbkdf2iters = format === 'passphrase' ? (wanted.get('pbkdf2iters') ?? '350000') : '0'
  return { fixed: { encryption: cipher, keyformat: format, pbkdf2iters }, key: { secret, loaded: true } }
}

/** get_key_material and validate_key. */
function readKey(machine: Machine, location: string, format: string, stdin: Buffer, failing: Failing): string {
  const path = /^file:\/\/(\/.*)$/.exec(location)?.[1]
  if (location !== 'prompt' && path === undefined) throw new Unknown(`key location ${location}`)
  const material = path === undefined ? stdin.toString('latin1') : machine.tree.read(path)
  if (material === undefined) throw failure(failing, 'Failed to open key material file: No such file or directory')
  if (format === 'raw') {
    if (material.length < 32) throw failure(failing, 'Raw key too short (expected 32).')
    if (material.length > 32) throw failure(failing, 'Raw key too long (expected 32).')
    return material
  }
  const line = material.replace(/\n.*$/s, '')
  if (format === 'hex') {
    if (line.length < 64) throw failure(failing, 'Hex key too short (expected 64).')
    if (line.length > 64) throw failure(failing, 'Hex key too long (expected 64).')
    if (!/^[0-9a-f]+$/i.test(line)) throw failure(failing, 'Invalid hex key provided.')
    return line
  }
  return line
}

function checkPassphrase(secret: string, format: string, failing: Failing): void {
  if (format !== 'passphrase') return
  if (secret.length < 8) throw failure(failing, 'Passphrase too short (min 8).')
  if (secret.length > 512) throw failure(failing, 'Passphrase too long (max 512).')
}

export function checkNewKey(
  created: { key?: { secret: string }; fixed: Record<string, string> },
  failing: Failing,
): void {
  if (created.key !== undefined) checkPassphrase(created.key.secret, created.fixed.keyformat ?? '', failing)
}

/** zfs_crypto_load_key. */
export function loadKey(root: Dataset, stdin: Buffer, machine?: Machine, location?: string, pretend = false): void {
  const failing = 'Key load error'
  if ((root.fixed.encryption ?? 'off') === 'off') throw failure(failing, `'${root.name}' is not encrypted.`)
  if (root.key === undefined) {
    const top = machine && encryptionRoot(machine, root)
    throw failure(failing, `Keys must be loaded for encryption root of '${root.name}' (${top?.name}).`)
  }
  if (root.key.loaded && !pretend) throw failure(failing, `Key already loaded for '${root.name}'.`)
  const format = root.fixed.keyformat ?? 'passphrase'
  const from = location ?? root.local.keylocation ?? 'prompt'
  const material =
    machine === undefined
      ? stdin.toString('latin1').replace(/\n.*$/s, '')
      : readKey(machine, from, format, stdin, failing)
  if (material !== root.key.secret) throw failure(failing, `Incorrect key provided for '${root.name}'.`)
  if (!pretend) root.key.loaded = true
}

/** load_unload_keys (zfs_main.c): failures make -1, an exit status of 255 (05-switch-replicate.jsonl: rc=255). */
export const loadKeys: Program = (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'anrL:')
  const roots = chooseRoots(machine, set, operands)
  const failed = roots.filter(root =>
    attempt(screen, () => {
      loadKey(root, call.stdin, machine, values.get('L')?.at(-1), set.has('n'))
      machine.changed()
    }),
  ).length
  if (set.has('a') || set.has('r')) {
    const verb = set.has('n') ? 'verified' : 'loaded'
    screen.out(`${roots.length - failed} / ${roots.length} key(s) successfully ${verb}\n`)
  }
  return failed > 0 ? 255 : 0
}

export const unloadKeys: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'ar')
  const roots = chooseRoots(machine, set, operands)
  const failing = 'Key unload error'
  const failed = roots.filter(root =>
    attempt(screen, () => {
      if ((root.fixed.encryption ?? 'off') === 'off') throw failure(failing, `'${root.name}' is not encrypted.`)
      if (root.key === undefined) {
        const top = encryptionRoot(machine, root)?.name
        throw failure(failing, `Keys must be unloaded for encryption root of '${root.name}' (${top}).`)
      }
      if (!root.key.loaded) throw failure(failing, `Key already unloaded for '${root.name}'.`)
      const busy = tree(machine, root.name).some(
        each => encryptionRoot(machine, each) === root && mountOf(machine, each.name) !== undefined,
      )
      if (busy) throw failure(failing, `'${root.name}' is busy.`)
      root.key.loaded = false
      machine.changed()
    }),
  ).length
  if (set.has('a') || set.has('r'))
    screen.out(`${roots.length - failed} / ${roots.length} key(s) successfully unloaded\n`)
  return failed > 0 ? 255 : 0
}

function chooseRoots(machine: Machine, set: ReadonlySet<string>, operands: readonly string[]): Dataset[] {
  const withKeys = (datasets: readonly Dataset[]) => datasets.filter(each => each.key !== undefined)
  if (set.has('a')) return withKeys(machine.state.datasets)
  const named = operands.map(name => open(machine, name, 'fv').dataset)
  return set.has('r') ? named.flatMap(each => withKeys(tree(machine, each.name))) : named
}

/** zfs-change-key(8), without -i: a new key, or a new place for it, for an encryption root. */
export const changeKey: Program = (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'lo:')
  const failing = 'Key change error'
  const wanted = readAssignments(screen, values.get('o') ?? [])
  return attempt(screen, () => {
    const { dataset, kind } = open(machine, operands[0] ?? '', 'fv')
    const root = encryptionRoot(machine, dataset)
    if (root === undefined) throw failure(failing, 'Dataset not encrypted.')
    if (set.has('l') || root !== dataset) throw new Unknown('way of changing a key')
    if (isLocked(machine, dataset)) throw failure(failing, 'Key must be loaded.')
    const stored = validate(machine, wanted, { kind: kind as 'f' | 'v' }, failing)
    const created = encryptionAtCreation(
      machine,
      undefined,
      new Map([
        ['encryption', dataset.fixed.encryption ?? ''],
        ['keyformat', dataset.fixed.keyformat ?? ''],
        ...stored,
      ]),
      call.stdin,
      failing,
    )
    checkNewKey(created, failing)
    Object.assign(dataset.fixed, created.fixed)
    if (created.key !== undefined) dataset.key = created.key
    dataset.local.keylocation = stored.get('keylocation') ?? dataset.local.keylocation ?? 'prompt'
    machine.changed()
  })
}
