/**
 * Ends the output of `npm test`: why tests were skipped, what failed and why, then `N passed, N failed, N skipped` on the
 * last line. All of it from `FAILURES` on is short enough to be shown once more where the rest of a long log is cut off.
 */
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node'

const FAILURES = '== failed tests'
/** Of each message, for those that hold the whole output of a playbook: how it ended. */
const MOST_CHARACTERS = 3000

export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const tests = modules.flatMap(module => [...module.children.allTests()])
    const skipped = tests.filter(test => test.result().state === 'skipped')
    const failed = tests.filter(test => test.result().state === 'failed')
    // A file that could not be read at all has no tests to count.
    const broken = modules.filter(module => module.errors().length > 0)

    const unexplained = skipped.filter(test => reasonOf(test) === undefined)
    for (const test of skipped) console.log(`skipped: ${test.fullName}: ${reasonOf(test) ?? 'no reason is given'}`)
    if (unexplained.length > 0 || (process.env.CI === 'true' && skipped.length > 0)) {
      console.log(process.env.CI === 'true' ? 'Nothing may be skipped in CI.' : 'A skip must give its reason.')
      process.exitCode = 1
    }
    const failures = [
      ...broken.map(module => [module.relativeModuleId, module.errors()] as const),
      ...failed.map(test => [`${test.module.relativeModuleId}: ${test.fullName}`, test.result().errors ?? []] as const),
      ...unhandledErrors.map(error => ['outside of a test', [error]] as const),
    ]
    if (failures.length > 0) console.log(FAILURES)
    for (const [where, errors] of failures) console.log(`${where}\n${errors.map(endOf).join('\n')}`)
    const passed = tests.length - skipped.length - failed.length
    console.log(`${passed} passed, ${failures.length} failed, ${skipped.length} skipped`)
  }
}

const endOf = ({ message }: SerializedError) => message.slice(-MOST_CHARACTERS).replaceAll(/^/gm, '    ')

function reasonOf(test: TestCase): string | undefined {
  const result = test.result()
  return result.state === 'skipped' ? result.note : undefined
}
