/** ansible-lint at its strictest on roles and playbooks, as they are in the built collection. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collections, root } from '../../build/paths.ts'
import { quietEnvironment } from '../support/ansible.ts'

test('ansible-lint has nothing to say at the production profile', () => {
  // It leaves files beside what it reads.
  const scratch = mkdtempSync(join(tmpdir(), 'lint-'))
  try {
    cpSync(join(collections, 'ansible_collections'), join(scratch, 'ansible_collections'), { recursive: true })
    const said = lint(join(scratch, 'ansible_collections/bluejail/hosting'), scratch)
    expect(said).toMatch(/Passed: 0 failure\(s\), 0 warning\(s\)/)
    expect(said).toContain("Profile 'production' was required, and it passed")
  } finally {
    rmSync(scratch, { recursive: true })
  }
})

function lint(directory: string, collectionsPath: string): string {
  const bin = join(root, '.venv/lint/bin')
  const { ANSIBLE_CONFIG: _, ...quiet } = quietEnvironment(collectionsPath)
  const env = { ...process.env, ...quiet, NO_COLOR: '1', PATH: `${bin}:${process.env.PATH}` }
  const command = `${join(bin, 'ansible-lint')} --offline -c ${join(root, '.ansible-lint')} 2>&1 || true`
  return execFileSync('sh', ['-c', command], { cwd: directory, env, encoding: 'utf8' })
}
