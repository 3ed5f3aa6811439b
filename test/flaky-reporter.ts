import type { Reporter, TestModule } from 'vitest/node';

/** Names each test that only passed when it was repeated, with what it failed of: a repetition must hide nothing. */
export class FlakyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (test.diagnostic()?.flaky !== true) continue;
        const causes = (test.result().errors ?? []).map(error => error.stack ?? error.message);
        console.error(`\nFLAKY: ${module.relativeModuleId} > ${test.fullName}\n${causes.join('\n')}\n`);
      }
    }
  }
}
