import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadScenarios } from '../../../src/scenario/load/load-scenario.ts';
import { replay } from '../../../src/scenario/replay.ts';
import type { ScenarioResult } from '../../../src/scenario/result.ts';

const HEAD = `apiVersion: ovs-uplink/v1
kind: MoveScenario
name: move
title: A move
host: plain
`;

describe('a scenario of a move', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-moves-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const play = async (rest: string): Promise<ScenarioResult> => {
    const file = join(folder, 'move.yaml');
    await writeFile(file, HEAD + rest);
    const [scenario] = await loadScenarios(file);
    return await replay(scenario!);
  };

  it('goes as expected, tells how, and tells the same each time', async () => {
    const rest = 'move: { course: return }\nexpect: { ends: [inUse, restored] }\n';
    const [first, second] = [await play(rest), await play(rest)];
    expect(first.mismatches).toEqual([]);
    const states = first.timeline.flatMap(entry => (entry.type === 'state' ? entry.state : []));
    expect(states).toEqual(expect.arrayContaining(['leaving.moving', 'inUse', 'returning.bringingHome', 'restored']));
    expect(first.timeline.filter(({ type }) => type === 'end')).toHaveLength(2);
    expect(second.trace).toBe(first.trace);
  });

  it('names the line of the ends that came otherwise', async () => {
    const { mismatches } = await play('expect: { ends: [restored] }\n');
    expect(mismatches).toMatchObject([
      { what: 'the ends of the runs', expected: 'restored', got: 'inUse', place: { line: 6 } },
    ]);
  });

  it('does not go as expected where something that was to happen never came', async () => {
    const faults = 'faults: [{ operation: link.move, nth: 7, kind: refused }]\n';
    const { mismatches } = await play(`${faults}expect: { ends: [inUse] }\n`);
    // What is asked for is in use when the faults stop, and is brought home then.
    expect(mismatches.map(({ what }) => what)).toContain('something that was to happen');
  });

  it.each([
    ['move: { link: eth7 }', 'move.yaml:6:15: no such link: expected one of lo, eth0'],
    ['move: { course: there }', 'move.course'],
    ['incidents: [{ when: { state: inUse }, incident: { kind: link.paint } }]', 'incidents.0.incident'],
  ])('%s is refused, with its place', async (line, said) => {
    await expect(play(`${line}\nexpect: { ends: [inUse] }\n`)).rejects.toThrow(said);
  });
});
