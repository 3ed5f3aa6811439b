import { defineConfig } from 'vitest/config';
import { FlakyReporter } from './test/flaky-reporter.ts';

const VM = ['test/vm/**/*.test.ts'];
const LIVE = ['test/lab/**/*.test.ts', 'test/live/**/*.test.ts'];

// Real kernels and daemons on a machine that also does other things: in `npm test` one repetition, which is named at the end with its cause.
// Soaks and single files look for just that: there the first failure counts.
const RETRY = process.env['npm_lifecycle_event'] === 'test' ? 1 : 0;

export default defineConfig({
  test: {
    reporters: ['default', new FlakyReporter()],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...LIVE, ...VM],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real hosts, Open vSwitch and probes: they want the machine for themselves, so one file after another, after the rest.
        test: {
          name: 'live',
          include: LIVE,
          retry: RETRY,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // An emulated machine takes both processors.
        test: {
          name: 'vm',
          include: VM,
          retry: RETRY,
          testTimeout: 300_000,
          hookTimeout: 240_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
