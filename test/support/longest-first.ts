/**
 * Test files that take minutes begin first: in a fresh clone nothing else tells how long they take, and one would be left
 * alone at the end.
 */
import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** From the longest, as `npm test` tells. */
const MINUTES = [
  'move-cut-off',
  'update',
  'site',
  'acceptance',
  'restore',
  'many-instances',
  'failover',
  'haproxy',
  'sanity',
  'roles',
].map(name => `${name}.test.ts`)

const place = ({ moduleId }: TestSpecification) => {
  const found = MINUTES.indexOf(basename(moduleId))
  return found < 0 ? MINUTES.length : found
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const group = ({ project }: TestSpecification) => project.config.sequence.groupOrder
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => group(a) - group(b) || place(a) - place(b))
  }
}
