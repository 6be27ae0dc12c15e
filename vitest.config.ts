import { defineConfig } from 'vitest/config'
import { ClosingLine } from './test/support/closing-line.ts'
import { LongestFirst } from './test/support/longest-first.ts'

/** Quick tests need nothing but node. Those with a host or an Ansible come after them. */
const withHosts = [
  'test/ansible/**/*.test.ts',
  'test/sandbox*.test.ts',
  'test/sandbox/**/*.test.ts',
  'test/acceptance/**/*.test.ts',
]

/** A limit ends what hangs. How fast something is has tests of its own, which count processes, or compare in one run. */
const UNHURRIED = { testTimeout: 600_000, hookTimeout: 600_000 }

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: [['default', { summary: false }], new ClosingLine()],
    projects: [
      {
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: withHosts,
          ...UNHURRIED,
        },
      },
      {
        test: {
          name: 'hosts',
          include: withHosts,
          globalSetup: 'test/support/made-ready.ts',
          // A playbook waits for its host and the host for it: more than one for each of two cores.
          maxWorkers: 4,
          ...UNHURRIED,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
