import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJournalStore, type JournalStore } from '../../../src/engine/journal/store.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import { runCommand } from '../../lab/command.ts';
import { journalRecord } from './records.ts';

let directory: string;
let store: JournalStore;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), `ovsu-${process.pid}-journal-`));
  store = createJournalStore(directory);
  await store.prepare();
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const file = (): string => join(directory, 'eth0.journal');

async function codeOf(promise: Promise<unknown>): Promise<ErrorCode | 'resolved'> {
  return promise.then(
    () => 'resolved' as const,
    (error: { readonly code: ErrorCode }) => error.code,
  );
}

describe('a journal that is written', () => {
  it('reads back field by field, and belongs to nobody else', async () => {
    const record = journalRecord();
    await store.write(record);
    expect(await store.read('eth0')).toEqual(record);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['eth0.journal']);
  });

  it('replaces the one before it; the old one is whole until then', async () => {
    await store.write(journalRecord());
    const before = statSync(file()).ino;
    await store.write(journalRecord({ stage: 'cuttingOver' }));
    expect(statSync(file()).ino).not.toBe(before);
    expect((await store.read('eth0'))?.stage).toBe('cuttingOver');
  });

  it('does not follow a symbolic link that lies under its name, it replaces it', async () => {
    const target = join(directory, 'target');
    writeFileSync(target, 'precious');
    symlinkSync(target, file());
    expect(await codeOf(store.read('eth0'))).toBe('JOURNAL_UNREADABLE');
    await store.write(journalRecord());
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect((await store.read('eth0'))?.stage).toBe('preparing');
  });

  it('before there were generations counts as the first of all', async () => {
    const { generation: _, ...old } = journalRecord();
    await store.write(old as ReturnType<typeof journalRecord>);
    expect((await store.read('eth0'))?.generation).toBe(0);
  });

  it('of a host with 100 000 routes is read back', async () => {
    const route = {
      family: 4,
      table: 254,
      type: 1,
      protocol: 4,
      scope: 0,
      tos: 0,
      source: null,
      priority: 100,
      prefSrc: null,
      flags: 0,
      preference: null,
      metrics: {},
      nexthops: [{ linkIndex: 2, gateway: '10.9.0.1', gatewayFamily: 4, weight: 1, flags: 0 }],
      nexthopId: null,
      encapType: null,
      expiresS: null,
    } as const;
    const routes = Array.from({ length: 100_000 }, (_, i) => ({
      ...route,
      destination: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`,
    }));
    const record = journalRecord();
    await store.write({ ...record, snapshot: { ...record.snapshot, routes } });
    expect((await store.read('eth0'))?.snapshot.routes).toHaveLength(100_000);
  });

  it('that cannot take its place is JOURNAL_WRITE with the errno, and leaves nothing behind', async () => {
    await store.write(journalRecord());
    const next = journalRecord({ stage: 'cuttingOver' }, 'eth1');
    // rename(2) refuses to put a file in the place of a folder.
    await mkdir(join(directory, 'eth1.journal'));
    const error = await store.write(next).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'JOURNAL_WRITE', details: { object: join(directory, 'eth1.journal') } });
    expect((error as { readonly details: { readonly errnoName: string } }).details.errnoName).toMatch(/^E/);
    expect(readdirSync(directory).sort()).toEqual(['eth0.journal', 'eth1.journal']);
    expect((await store.read('eth0'))?.stage).toBe('preparing');
  });
});

describe('a process that dies between writing and replacing', () => {
  it('leaves the journal before it in force', async () => {
    await store.write(journalRecord());
    writeFileSync(`${file()}.3e0b0a3e-0000-4000-8000-000000000000.tmp`, readFileSync(file(), 'utf8').slice(0, 300));
    expect((await store.read('eth0'))?.stage).toBe('preparing');
    expect((await store.list()).map(entry => entry.uplink)).toEqual(['eth0']);
    await store.write(journalRecord({ stage: 'committed' }));
    expect((await store.read('eth0'))?.stage).toBe('committed');
  });
});

describe('a journal that is not as it was written', () => {
  it('cut off at any byte is refused', async () => {
    await store.write(journalRecord());
    const whole = readFileSync(file());
    const codes = new Map<string, number>();
    // The last byte is the final line feed: without it nothing is lost.
    for (let length = 0; length < whole.length - 1; length += 1) {
      writeFileSync(file(), whole.subarray(0, length));
      const code = await codeOf(store.read('eth0'));
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes.keys()].sort()).toEqual(['JOURNAL_TAMPERED', 'JOURNAL_UNREADABLE']);
    expect(codes.get('JOURNAL_TAMPERED')).toBeGreaterThan(1000);
  });

  it('changed in any byte of its body is refused', async () => {
    await store.write(journalRecord());
    const whole = readFileSync(file());
    const start = whole.indexOf(0x0a) + 1;
    for (let at = start; at < whole.length - 1; at += 7) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      writeFileSync(file(), changed);
      expect(await codeOf(store.read('eth0')), `byte ${at}`).toBe('JOURNAL_TAMPERED');
    }
  });

  it('names another version and says so', async () => {
    await store.write(journalRecord());
    writeFileSync(file(), readFileSync(file(), 'utf8').replace('"version":1', '"version":2'));
    await expect(store.read('eth0')).rejects.toMatchObject({
      code: 'JOURNAL_VERSION',
      details: { expected: 'version 1', got: 'version 2' },
    });
  });

  it.each([
    ['empty', ''],
    ['binary', '\u0000\u0001\u0002\n\u0003'],
    ['JSON but no journal', '{}\n{}'],
    ['a header that is null', 'null\n{}'],
    ['a header that is a list', '[]\n[]'],
    ['a header that is a number', '1\n1'],
    ['very deep', `${'['.repeat(100_000)}\n`],
  ])('%s: JOURNAL_UNREADABLE', async (_, text) => {
    writeFileSync(file(), text);
    expect(await codeOf(store.read('eth0'))).toBe('JOURNAL_UNREADABLE');
  });

  it.each([
    'null',
    '[]',
    '1',
    '"text"',
    '{}',
    '{"plan":null,"snapshot":null,"identity":null,"request":null}',
    '{"plan":{},"snapshot":{},"identity":{},"request":null}',
  ])('is rightly signed but says %s: JOURNAL_UNREADABLE', async text => {
    const sha256 = createHash('sha256').update(text).digest('hex');
    writeFileSync(file(), `${JSON.stringify({ format: 'ovs-uplink journal', version: 1, sha256 })}\n${text}\n`);
    expect(await codeOf(store.read('eth0'))).toBe('JOURNAL_UNREADABLE');
  });

  it('is of another uplink, renamed by hand: JOURNAL_UNREADABLE', async () => {
    await store.write(journalRecord({}, 'eth1'));
    writeFileSync(file(), readFileSync(join(directory, 'eth1.journal')));
    expect(await codeOf(store.read('eth0'))).toBe('JOURNAL_UNREADABLE');
  });

  it('is a folder, a pipe or a symbolic link: refused at once, not waited for', async () => {
    await mkdir(file());
    expect(await codeOf(store.read('eth0'))).toBe('JOURNAL_UNREADABLE');
    rmSync(file(), { recursive: true });
    await runCommand(['mkfifo', file()], { check: true });
    expect(await codeOf(store.read('eth0'))).toBe('JOURNAL_UNREADABLE');
  });

  it('larger than a journal can be is refused before it is read', async () => {
    await runCommand(['truncate', '-s', '2G', file()], { check: true });
    await expect(store.read('eth0')).rejects.toMatchObject({
      code: 'JOURNAL_UNREADABLE',
      details: { got: '2147483648 bytes' },
    });
  });

  it('is listed with its failure, beside the good ones', async () => {
    await store.write(journalRecord({}, 'eth1'));
    writeFileSync(file(), 'x');
    const entries = await store.list();
    expect(entries.map(entry => [entry.uplink, 'failure' in entry ? entry.failure.code : 'good'])).toEqual([
      ['eth0', 'JOURNAL_UNREADABLE'],
      ['eth1', 'good'],
    ]);
  });
});

describe('a journal that is not there', () => {
  it('reads as undefined; removing it is no error', async () => {
    expect(await store.read('eth0')).toBeUndefined();
    await store.remove('eth0');
    expect(await store.list()).toEqual([]);
  });

  it('nor its folder: an empty list, and writing says JOURNAL_WRITE', async () => {
    const nowhere = createJournalStore(join(directory, 'no', 'such'));
    expect(await nowhere.list()).toEqual([]);
    expect(await codeOf(nowhere.write(journalRecord()))).toBe('JOURNAL_WRITE');
  });

  it('is gone after remove', async () => {
    await store.write(journalRecord());
    await store.remove('eth0');
    expect(await store.read('eth0')).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('the state folder', () => {
  it('is made with its parents, for this user only', async () => {
    const path = join(directory, 'a', 'b');
    await createJournalStore(path).prepare();
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it.each([0o770, 0o702, 0o777])('that others can write to (%o) is refused', async mode => {
    chmodSync(directory, mode);
    await expect(store.prepare()).rejects.toMatchObject({ code: 'USAGE', details: { object: directory } });
  });

  it('that is a symbolic link or a file is refused', async () => {
    const link = join(directory, 'link');
    symlinkSync(directory, link);
    expect(await codeOf(createJournalStore(link).prepare())).toBe('USAGE');
    const plain = join(directory, 'plain');
    writeFileSync(plain, '');
    expect(['USAGE', 'JOURNAL_WRITE']).toContain(await codeOf(createJournalStore(plain).prepare()));
  });
});
