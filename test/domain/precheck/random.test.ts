import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/domain/doctor.ts';
import type { Finding } from '../../../src/domain/finding.ts';
import type { FindingMeaning } from '../../../src/domain/precheck/index.ts';
import { FINDING_CODES, precheck } from '../../../src/domain/precheck/index.ts';
import { randomFacts, randomInput, randomKernel, randomOvs } from './random-hosts.ts';
import { randomOwners, randomWishes } from './random-owners.ts';

const MEANINGS: Readonly<Record<string, FindingMeaning>> = FINDING_CODES;

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(Object.freeze(value))) freeze(part);
  return value;
}

function expectWellFormed(findings: readonly Finding[]): void {
  for (const found of findings) {
    expect(MEANINGS[found.code]).toBeDefined();
    expect(found.message).not.toMatch(/undefined|NaN|Infinity|\[object/);
    expect(found.advice).not.toMatch(/^$|undefined|NaN|Infinity/);
  }
}

describe('precheck on random hosts', () => {
  it('never throws, never changes its input, and gives only codes of the table', () => {
    fc.assert(
      fc.property(randomInput, input => {
        expectWellFormed(precheck(freeze(input)));
      }),
      { numRuns: 1500 },
    );
  });

  it('blocks no more on anything acceptable when everything is accepted', () => {
    const accept = Object.keys(FINDING_CODES);
    fc.assert(
      fc.property(randomInput, input => {
        const findings = precheck({ ...input, request: { ...input.request, accept } });
        const blocking = findings.filter(found => found.severity === 'blocking');
        expect(blocking.filter(found => MEANINGS[found.code]?.acceptable !== false)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('accepting changes nothing but the severity and the words', () => {
    fc.assert(
      fc.property(randomInput, input => {
        const plain = precheck({ ...input, request: { ...input.request, accept: [] } });
        const accepted = precheck({ ...input, request: { ...input.request, accept: Object.keys(FINDING_CODES) } });
        const codes = (findings: readonly Finding[]): readonly string[] => findings.map(found => found.code).toSorted();
        expect(codes(accepted)).toEqual(codes(plain));
      }),
      { numRuns: 300 },
    );
  });
});

describe('precheck on random hosts that others manage', () => {
  it('never throws, and gives only codes of the table', () => {
    fc.assert(
      fc.property(randomInput, randomOwners, randomWishes, (input, owners, wishes) => {
        const { facts, request } = input;
        const managed = { ...input, facts: { ...facts, owners }, request: { ...request, ...wishes } };
        expectWellFormed(precheck(freeze(managed)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('doctor on random hosts', () => {
  it('never throws', () => {
    const uplink = fc.option(fc.constantFrom('eth0', 'lo', 'nope'), { nil: undefined });
    fc.assert(
      fc.property(randomKernel, randomOvs, randomFacts, uplink, (kernel, ovs, facts, name) => {
        const named = name === undefined ? {} : { uplink: name };
        expectWellFormed(diagnose(freeze({ kernel, ovs, facts, ovsFailure: null, ...named })));
      }),
      { numRuns: 500 },
    );
  });
});
