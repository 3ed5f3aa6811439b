import { describe, expect, it } from 'vitest';
import { reasonToLeave } from '../../../src/engine/guard/put-back.ts';
import { JOURNAL_STAGES } from '../../../src/engine/journal/record.ts';
import { journalRecord } from '../journal/records.ts';

const ORDER = { uplink: 'eth0', id: 'one', generation: 2 };

describe('a guard', () => {
  it.each(JOURNAL_STAGES)('acts on its own journal in stage %s unless that is committed', stage => {
    const reason = reasonToLeave(journalRecord({ id: 'one', generation: 2, stage }), ORDER);
    if (stage === 'committed') expect(reason).toBe('the migration is committed');
    else expect(reason).toBe(null);
  });

  it.each([
    ['no journal', undefined, /no journal/],
    ['that of another migration', journalRecord({ id: 'two', generation: 2 }), /another migration/],
    ['that of a later run', journalRecord({ id: 'one', generation: 3 }), /later run/],
    ['that of an earlier run', journalRecord({ id: 'one', generation: 1 }), /generation 1/],
  ])('leaves alone: %s', (_, journal, reason) => {
    expect(reasonToLeave(journal, ORDER)).toMatch(reason);
  });
});
