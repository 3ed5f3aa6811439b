import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFailure, toFailure } from '../../../src/errors.ts';
import type { OperationFault } from '../../../src/host/simulated/simulated-process.ts';
import type { AnyCase } from '../../../src/verify/explore/any-case.ts';
import type { CaseResult } from '../../../src/verify/explore/case-result.ts';
import { formatCase, readCase } from '../../../src/verify/explore/case-yaml.ts';
import type { ExploreCase } from '../../../src/verify/explore/explore-case.ts';
import { INCIDENTS } from '../../../src/verify/explore/incident.ts';
import { MOVE_INCIDENTS } from '../../../src/verify/explore/moves/move-incident.ts';
import { catchUsage } from '../../cli/catch-usage.ts';
import { PLAIN_MOVE } from './moves/plain-move.ts';
import { PLAIN } from './shipped.ts';

const FAULTS = ['refused', 'answer-lost', 'hang', 'slow', 'kill-before', 'kill-after'] satisfies OperationFault[];
const SHOWED: CaseResult = {
  violations: [
    { invariant: 'I5', what: 'unreachable', object: 'gateway 10.9.0.1', expected: 'answers', got: 'silent' },
  ],
  ends: ['rolledBack'],
  operations: [],
  states: [],
  unused: [],
  trace: '',
  virtualMs: 1,
  turns: 1,
};
const HEAD = `apiVersion: ovs-uplink/v1
kind: Exploration
host: plain
layout: host-port
course: migrate
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-case-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(text: string): Promise<string> {
  const path = join(folder, 'case.yaml');
  await writeFile(path, text);
  return path;
}

const reread = async (explored: AnyCase): Promise<AnyCase> => readCase(await written(formatCase(explored, SHOWED)));

describe('a case as a file', () => {
  it.each(FAULTS)('keeps a fault: %s', async kind => {
    const explored: ExploreCase = { ...PLAIN, faults: [{ operation: 'journal.write verifying', nth: 2, kind }] };
    expect(await reread(explored)).toEqual(explored);
  });

  it.each(MOVE_INCIDENTS)('keeps an incident of a move: %o', async incident => {
    const explored: AnyCase = {
      ...PLAIN_MOVE,
      keepAddresses: true,
      way: 'steps',
      incidents: [{ when: { state: 'leaving.moving', nth: 2, afterMs: 3 }, incident }],
    };
    expect(await reread(explored)).toEqual(explored);
  });

  it.each([...INCIDENTS, { kind: 'confirm' } as const])('keeps an incident: %o', async incident => {
    const explored: ExploreCase = {
      ...PLAIN,
      incidents: [
        { when: { state: 'preparing.locking', nth: 3 }, incident },
        { when: { operation: 'kernel.read', nth: 1 }, incident },
      ],
    };
    expect(await reread(explored)).toEqual(explored);
  });

  it('says what it showed when it was written', () => {
    expect(formatCase(PLAIN, SHOWED)).toContain('gateway 10.9.0.1');
  });

  it('may leave out what there is none of, and counts from the first', async () => {
    expect(await readCase(await written(HEAD))).toEqual(PLAIN);
    const explored = await readCase(await written(`${HEAD}faults: [{ operation: route.add, kind: hang }]\n`));
    expect(explored.faults).toEqual([{ operation: 'route.add', nth: 1, kind: 'hang' }]);
  });
});

describe('a file that is no case is refused with one line that names it and', () => {
  const refusal = async (text: string): Promise<string> => {
    const path = await written(text);
    const line = describeFailure(toFailure(await catchUsage(() => readCase(path))));
    expect(line).toContain(path);
    return line;
  };

  it('what is not YAML', async () => {
    expect(await refusal('a: [')).toContain('expected YAML');
    expect(await refusal(`${HEAD}host: rich\n`)).toContain('Map keys must be unique');
  });

  it('tags of its own, and aliases', async () => {
    expect(await refusal(`${HEAD}faults: !!js/function "x"\n`)).toContain('js/function');
    expect(await refusal(`${HEAD}violates: !own [{ a: b }]\n`)).toContain('!own');
  });

  it('more than a megabyte', async () => {
    expect(await refusal(`${HEAD}# ${'x'.repeat(1 << 20)}\n`)).toContain('at most 1048576');
  });

  it.each([
    ['apiVersion', HEAD.replace('/v1', '/v2'), 'ovs-uplink/v1'],
    ['kind', HEAD.replace('Exploration', 'Host'), 'Exploration'],
    ['layout', HEAD.replace('host-port', 'sideways'), 'bridge-port'],
    ['course', HEAD.replace('migrate', 'fly'), 'restore'],
    ['extra', `${HEAD}extra: 1\n`, 'extra'],
    ['faults.0.kind', `${HEAD}faults: [{ operation: x, kind: explode }]\n`, 'answer-lost'],
    ['faults.0.nth', `${HEAD}faults: [{ operation: x, nth: 0, kind: hang }]\n`, '1'],
    [
      'incidents.0.incident.kind',
      `${HEAD}incidents: [{ when: { state: x }, incident: { kind: meteor } }]\n`,
      'vswitchd.hang',
    ],
    ['incidents.0.when', `${HEAD}incidents: [{ when: { moon: full }, incident: { kind: kill } }]\n`, ''],
  ])('what is wrong at %s, and what was expected', async (place, text, expected) => {
    const line = await refusal(text);
    expect(line).toContain(place);
    expect(line).toContain(expected);
  });

  it('that it cannot be read', async () => {
    const path = join(folder, 'missing.yaml');
    const { details } = await catchUsage(() => readCase(path));
    expect(details).toMatchObject({
      object: path,
      expected: 'a readable file',
      got: expect.stringContaining('ENOENT'),
    });
  });
});
