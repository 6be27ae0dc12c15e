/** Ends the output of `npm test`: why tests were skipped, then `N passed, N failed, N skipped` on the last line. */
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node'

export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const tests = modules.flatMap(module => [...module.children.allTests()])
    const skipped = tests.filter(test => test.result().state === 'skipped')
    const failed = tests.filter(test => test.result().state === 'failed').length
    // A file that could not be read at all has no tests to count.
    const broken = modules.filter(module => module.errors().length > 0).length + unhandledErrors.length

    const unexplained = skipped.filter(test => reasonOf(test) === undefined)
    for (const test of skipped) console.log(`skipped: ${test.fullName}: ${reasonOf(test) ?? 'no reason is given'}`)
    if (unexplained.length > 0 || (process.env.CI === 'true' && skipped.length > 0)) {
      console.log(process.env.CI === 'true' ? 'Nothing may be skipped in CI.' : 'A skip must give its reason.')
      process.exitCode = 1
    }
    const passed = tests.length - skipped.length - failed
    console.log(`${passed} passed, ${failed + broken} failed, ${skipped.length} skipped`)
  }
}

function reasonOf(test: TestCase): string | undefined {
  const result = test.result()
  return result.state === 'skipped' ? result.note : undefined
}
