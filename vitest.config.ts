import { defineConfig } from 'vitest/config'
import { ClosingLine } from './test/support/closing-line.ts'

/** Quick tests need nothing but node. Those with a host or an Ansible take turns: this is made for two cores. */
const withHosts = [
  'test/ansible/**/*.test.ts',
  'test/sandbox*.test.ts',
  'test/sandbox/**/*.test.ts',
  'test/acceptance/**/*.test.ts',
]

export default defineConfig({
  test: {
    reporters: [['default', { summary: false }], new ClosingLine()],
    projects: [
      {
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: withHosts,
        },
      },
      {
        test: {
          name: 'hosts',
          include: withHosts,
          globalSetup: 'test/support/made-ready.ts',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
