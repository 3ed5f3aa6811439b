import { describe, expect, it } from 'vitest';
import {
  exitCodeOfError,
  exitCodeOfMigration,
  exitCodeOfRecovery,
  exitCodeOfRestore,
} from '../../src/cli/exit-code.ts';
import type { RunResult } from '../../src/engine/run.ts';

const RESULTS: readonly RunResult[] = ['committed', 'refused', 'rolledBack', 'stranded'];

describe('exit codes', () => {
  it('of migrate: committed 0, refused 3, rolled back 4, stranded 5', () => {
    expect(RESULTS.map(exitCodeOfMigration)).toEqual([0, 3, 4, 5]);
  });

  it('of restore: rolled back is what was asked for', () => {
    expect(RESULTS.map(exitCodeOfRestore)).toEqual([3, 3, 0, 5]);
  });

  it('of recover: 0 when all are committed or rolled back, 5 when any is stranded', () => {
    const of = (...results: RunResult[]) => exitCodeOfRecovery(results.map(result => ({ result, pendingRows: false })));
    expect(of()).toBe(0);
    expect(of('committed', 'rolledBack')).toBe(0);
    expect(of('committed', 'refused')).toBe(3);
    expect(of('refused', 'stranded', 'committed')).toBe(5);
    expect(exitCodeOfRecovery([{ result: 'rolledBack', pendingRows: true }])).toBe(6);
  });

  it('of an error: usage 2, a defect 1, anything that kept a command from changing something 3', () => {
    expect(exitCodeOfError('USAGE')).toBe(2);
    expect(exitCodeOfError('DEFECT')).toBe(1);
    expect(exitCodeOfError('LOCK_HELD')).toBe(3);
    expect(exitCodeOfError('OVSDB_UNREACHABLE')).toBe(3);
  });
});
