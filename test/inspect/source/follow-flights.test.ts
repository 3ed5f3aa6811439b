import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WireMessage } from '../../../src/inspect/wire/messages.ts';
import { createSimulatedFlight, DEADLINES } from '../../scenario/recording/simulated-flight.ts';
import type { Followed } from './followed.ts';
import { follow } from './followed.ts';
import { expectSound, ofType, statesOf } from './heard.ts';

/** A whole run, line by line, and the states that the engine told of it. */
let lines: readonly string[];
let states: readonly string[];
beforeAll(async () => {
  using flight = createSimulatedFlight();
  const flown = await flight.run(engine =>
    engine.migrate({ uplink: flight.uplink, bridge: flight.bridge, deadlines: DEADLINES }),
  );
  states = flown.states;
  lines = readFileSync(join(flight.stateDir, 'eth0.flight'), 'utf8').trimEnd().split('\n');
});

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'follow-'));
  path = join(folder, 'eth0.flight');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The same run under another key. */
const as = (key: string): readonly string[] => lines.map(line => JSON.stringify({ ...JSON.parse(line), run: key }));
const textOf = (some: readonly string[]): string => some.map(line => `${line}\n`).join('');
const notes = (messages: readonly WireMessage[]) => ofType(messages, '@ovs-uplink.note').map(({ text }) => text);
const ends = (followed: Followed): number =>
  ofType(followed.messages, '@ovs-uplink.note').filter(({ kind }) => kind === 'end').length;
const hasEnded = (followed: Followed) => followed.until(() => ends(followed) > 0);

/** The states of each chart, in the order of their starts. */
function runsOf(messages: readonly WireMessage[]): readonly (readonly string[])[] {
  const roots = ofType(messages, '@xstate.actor').filter(({ parentId }) => parentId === undefined);
  return roots.map(({ sessionId }) =>
    statesOf(messages.filter(message => 'sessionId' in message && message.sessionId === sessionId)),
  );
}

describe('a folder that is followed', () => {
  it('tells the states of a run while it goes on, in order, none missing', async () => {
    using flight = createSimulatedFlight();
    using followed = follow(flight.stateDir);
    const request = { uplink: flight.uplink, bridge: flight.bridge, deadlines: DEADLINES };
    const { states: told } = await flight.run(engine => engine.migrate(request));
    await hasEnded(followed);
    expect(runsOf(followed.messages)).toEqual([told]);
    expect(notes(followed.messages).at(-1)).toBe('ended committed');
    expect(followed.troubles).toEqual([]);
    expectSound(followed.messages);
  });

  it('tells of effects and failures as they were recorded', async () => {
    using followed = follow(folder);
    writeFileSync(path, textOf(lines));
    await hasEnded(followed);
    const texts = lines.map(line => JSON.parse(line)).flatMap(line => ('effect' in line ? [line.effect.text] : []));
    expect(texts.length).toBeGreaterThan(5);
    expect(ofType(followed.messages, '@ovs-uplink.effect').map(({ text }) => text)).toEqual(texts);
  });

  it.each([['state'], ['a/b/state']])('may come later: %s', async name => {
    const later = join(folder, name);
    using followed = follow(later);
    mkdirSync(later, { recursive: true });
    writeFileSync(join(later, 'eth0.flight'), textOf(lines));
    await hasEnded(followed);
    expect(runsOf(followed.messages)).toEqual([states]);
  });

  it('may come step by step', async () => {
    const marks = [join(folder, 'a'), join(folder, 'a/b'), join(folder, 'a/b/state')] as const;
    using followed = follow(marks[2]);
    for (const mark of marks) {
      mkdirSync(mark);
      await new Promise(resolve => setImmediate(resolve));
    }
    writeFileSync(join(marks[2], 'eth0.flight'), textOf(lines));
    await hasEnded(followed);
    expect(runsOf(followed.messages)).toEqual([states]);
  });

  it('may be removed and made again', async () => {
    const state = join(folder, 'state');
    mkdirSync(state);
    using followed = follow(state);
    writeFileSync(join(state, 'eth0.flight'), textOf(as('one')));
    await hasEnded(followed);
    rmSync(state, { recursive: true });
    await new Promise(resolve => setImmediate(resolve));
    mkdirSync(state);
    writeFileSync(join(state, 'eth0.flight'), textOf(as('two')));
    await followed.until(() => ends(followed) === 2);
    expect(runsOf(followed.messages)).toEqual([states, states]);
  });

  it('that cannot be watched is said to be so, and stops nothing', () => {
    writeFileSync(join(folder, 'file'), '');
    using followed = follow(join(folder, 'file/below'));
    expect(followed.troubles).toMatchObject([expect.stringMatching(/^below: ENOTDIR/)]);
  });
});

describe('what is over when it begins', () => {
  it('is told of the last run of each uplink, and of those that did not end', async () => {
    writeFileSync(path, textOf([...as('ended'), ...as('died').slice(0, 40), ...as('last')]));
    writeFileSync(join(folder, 'eth1.flight'), textOf(as('other')));
    using followed = follow(folder);
    await followed.until(() => ends(followed) === 2);
    const [died, ...whole] = runsOf(followed.messages);
    expect(whole).toEqual([states, states]);
    expect(died).toEqual(states.slice(0, died!.length));
    expect(died!.length).toBeGreaterThan(1);
  });

  it('is told whole where it is larger than what is read at a time', async () => {
    const many = Array.from({ length: 40 }, (_, n) => textOf(as(`died-${n}`).slice(0, -1))).join('');
    writeFileSync(path, many.repeat(Math.ceil((6 << 20) / many.length)) + textOf(as('last')));
    using followed = follow(folder);
    await hasEnded(followed);
    expect(runsOf(followed.messages).at(-1)).toEqual(states);
  });
});

describe('a file', () => {
  it('grows line by line', async () => {
    using followed = follow(folder);
    for (const line of lines) {
      appendFileSync(path, `${line}\n`);
      await new Promise(resolve => setImmediate(resolve));
    }
    await hasEnded(followed);
    expect(runsOf(followed.messages)).toEqual([states]);
  });

  it('may be torn within a character', async () => {
    const head = JSON.parse(lines[0]!);
    const bytes = Buffer.from(
      textOf([as('before')[0]!, JSON.stringify({ ...head, program: 'grün' }), ...lines.slice(1)]),
    );
    const at = bytes.indexOf('ü') + 1;
    writeFileSync(path, bytes.subarray(0, at));
    using followed = follow(folder);
    appendFileSync(path, bytes.subarray(at));
    await hasEnded(followed);
    expect(notes(followed.messages)[0]).toContain('ovs-uplink grün on');
    expect(runsOf(followed.messages)).toEqual([states]);
  });

  it('is followed on when the next run begins a new one', async () => {
    using followed = follow(folder);
    const [first, second] = [as('first'), as('second')];
    writeFileSync(path, textOf(first.slice(0, 30)));
    await followed.until(() => followed.messages.length > 0);
    renameSync(path, `${path}.1`);
    writeFileSync(path, textOf(second.slice(0, 30)));
    appendFileSync(`${path}.1`, textOf(first.slice(30)));
    appendFileSync(path, textOf(second.slice(30)));
    await followed.until(() => ends(followed) === 2);
    expect(runsOf(followed.messages)).toEqual([states, states]);
    renameSync(path, `${path}.1`);
    writeFileSync(path, textOf(as('third')));
    await followed.until(() => ends(followed) === 3);
    expect(runsOf(followed.messages)).toEqual([states, states, states]);
  });

  it('may have two runs at once', async () => {
    using followed = follow(folder);
    const [one, two] = [as('one'), as('two')];
    writeFileSync(path, textOf(one.flatMap((line, index) => [line, two[index]!])));
    await followed.until(() => ends(followed) === 2);
    expect(runsOf(followed.messages)).toEqual([states, states]);
  });

  it('has lines that are none, and one that makes no sense: what others say is told', async () => {
    using followed = follow(folder);
    const bad = ['{"torn', '7', '{"run":"x"}', '{"run":"bad","ms":1,"event":null}'];
    const head = JSON.stringify({ ...JSON.parse(lines[0]!), run: 'bad', input: {} });
    writeFileSync(path, textOf([head, ...bad, ...lines]));
    await hasEnded(followed);
    expect(runsOf(followed.messages).at(-1)).toEqual(states);
    expect(followed.troubles.length).toBe(1);
  });

  it('of a later version is named, once', async () => {
    using followed = follow(folder);
    const later = { ...JSON.parse(lines[0]!), run: 'later', flight: 99, program: '9.9.9' };
    writeFileSync(path, textOf([JSON.stringify(later), '{"run":"later","ms":1,"state":"x"}', ...lines]));
    await hasEnded(followed);
    expect(notes(followed.messages).filter(text => text.includes('9.9.9'))).toEqual([
      expect.stringContaining('not shown'),
    ]);
    expect(runsOf(followed.messages)).toEqual([states]);
  });

  it('that is a link or a folder is refused, once for each change, and the others are followed', async () => {
    writeFileSync(join(folder, 'elsewhere'), textOf(lines));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'eth1.flight'));
    mkdirSync(join(folder, 'eth2.flight'));
    using followed = follow(folder);
    writeFileSync(path, textOf(lines));
    await hasEnded(followed);
    expect(runsOf(followed.messages)).toEqual([states]);
    expect(followed.troubles.map(text => text.split(' ')[0])).toEqual(['eth1.flight:', 'eth2.flight:']);
    // Everything is looked at again, and nothing of it has changed.
    chmodSync(folder, 0o750);
    writeFileSync(join(folder, 'eth3.flight'), textOf(lines));
    await followed.until(() => ends(followed) === 2);
    expect(followed.troubles.length).toBe(2);
    rmSync(join(folder, 'eth1.flight'));
    symlinkSync('/dev/null', join(folder, 'eth1.flight'));
    await followed.until(() => followed.troubles.length > 2);
    expect(followed.troubles[2]).toMatch(/^eth1\.flight: ELOOP/);
  });
});

it('is told of no more once it is stopped, and a run that is under way then is stopped, too', async () => {
  const followed = follow(folder);
  writeFileSync(path, textOf(lines.slice(0, 40)));
  await followed.until(() => runsOf(followed.messages).length > 0);
  followed.stop();
  const { length } = followed.messages;
  expect(followed.messages.at(-1)).toMatchObject({ snapshot: { status: 'stopped' } });
  using other = follow(folder);
  appendFileSync(path, textOf(lines.slice(40)));
  await hasEnded(other);
  expect(followed.messages.length).toBe(length);
});
