import { defineConfig } from 'vitest/config';

const VM = ['test/vm/**/*.test.ts'];
const LIVE = ['test/lab/**/*.test.ts', 'test/live/**/*.test.ts'];

export default defineConfig({
  test: {
    reporters: ['default'],
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
