import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JournalRecord } from '../../src/engine/journal/record.ts';
import { captureHost, diffImages, type HostImage } from '../lab/host-image.ts';
import type { Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { createBench, type FaultBench } from './failing/fault-bench.ts';
import { type Ended, runActing, storyOf } from './failing/run-acting.ts';
import { sampled } from './support/sampled.ts';

const LIMIT_MS = 120_000;

describeLive('a state folder that cannot keep the journal', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await createBench({ name: 'dsk' });
  }, LIMIT_MS);
  afterAll(() => bench[Symbol.asyncDispose](), LIMIT_MS);

  /** `migrate` in a mount namespace whose state folder is what the script makes of it. */
  const migrateWithin = (script: string): Promise<Ended> =>
    runActing(bench.lab, ['migrate', '-i', 'eth0', '-b', 'br-ext'], { within: `${script}\nexec "$@"` });
  const fill = 'dd if=/dev/zero of="$STATE/filler" bs=4k 2>/dev/null || true';
  const tmpfs = (options: string): string =>
    `STATE=${bench.lab.stateDir}; mount -t tmpfs -o mode=700,${options} none "$STATE"`;

  const expectRefusal = async (ended: Ended): Promise<void> => {
    expect(ended.code, storyOf(ended)).toBe(3);
    expect(ended.cause).toContain(bench.lab.stateDir);
    await bench.expectAsBefore(ended);
  };

  it('full from the start: refused', { timeout: LIMIT_MS }, async () => {
    const ended = await migrateWithin(`${tmpfs('size=16k')}; ${fill}`);
    await expectRefusal(ended);
    expect(ended.cause).toMatch(/ENOSPC/);
  });

  it('with room for the lock alone: refused', { timeout: LIMIT_MS }, async () => {
    const ended = await migrateWithin(tmpfs('size=4k'));
    await expectRefusal(ended);
    expect(ended.cause).toMatch(/ENOSPC/);
  });

  it('too small for the journal, or for its second copy: refused, or rolled back', { timeout: LIMIT_MS }, async () => {
    const restore = `restore -i eth0 --ovsdb ${bench.lab.ovsdbRemote} --state-dir "$STATE"`;
    const codes: number[] = [];
    for (let sizeKiB = 8; codes.at(-1) !== 0; sizeKiB += 4) {
      const ended = await runActing(bench.lab, ['migrate', '-i', 'eth0', '-b', 'br-ext'], {
        // A committed one is taken back before its journal goes with the mount namespace.
        within: `${tmpfs(`size=${sizeKiB}k`)}; code=0; "$@" || code=$?; [ $code != 0 ] || "$1" ${restore} >&2; exit $code`,
      });
      codes.push(ended.code);
      if (ended.code !== 0) expect(ended.cause, storyOf(ended)).toMatch(/ENOSPC/);
      await bench.expectAsBefore(ended);
    }
    // No room for the journal; then room for one copy, but it is replaced as a whole; then room for two.
    expect([...new Set(codes)]).toEqual([3, 4, 0]);
  });

  it('full after the commit: restore works all the same', { timeout: LIMIT_MS }, async () => {
    const { lab } = bench;
    const restore = `restore -i eth0 --ovsdb ${lab.ovsdbRemote} --state-dir "$STATE"`;
    const ended = await runActing(lab, ['migrate', '-i', 'eth0', '-b', 'br-ext'], {
      within: `${tmpfs('size=256k')}; "$@"; ${fill}; exec "$1" ${restore} --json`,
    });
    expect(ended.code, storyOf(ended)).toBe(0);
    expect(ended.outcome?.result).toBe('rolledBack');
    await bench.expectAsBefore(ended);
  });

  it('read-only: refused', { timeout: LIMIT_MS }, async () => {
    const ended = await migrateWithin(tmpfs('ro'));
    await expectRefusal(ended);
    expect(ended.cause).toMatch(/EROFS|read-only/);
  });

  it('under a file: refused', { timeout: LIMIT_MS }, async () => {
    const { lab } = bench;
    const args = ['migrate', '-i', 'eth0', '-b', 'br-ext', '--ovsdb', lab.ovsdbRemote];
    const bin = join(import.meta.dirname, '../../bin/ovs-uplink');
    const { code, stderr, stdout } = await lab.run(lab.hostNs, [
      bin,
      ...args,
      '--state-dir',
      join(lab.dir, 'conf.db', 'state'),
    ]);
    expect(code, stdout + stderr).toBe(3);
    expect(stdout + stderr).toMatch(/ENOTDIR/);
    expect(diffImages(bench.before, await captureHost(lab))).toEqual([]);
  });

  it.each(['777', '770', '702'])('writable by others (mode 0%s): refused', { timeout: LIMIT_MS }, async mode => {
    await chmod(bench.lab.stateDir, Number.parseInt(mode, 8));
    const ended = await bench.migrate();
    await chmod(bench.lab.stateDir, 0o700);
    await expectRefusal(ended);
    expect(ended.cause).toContain(`mode 0${mode}`);
  });

  it('a migration and its way back work afterwards', { timeout: LIMIT_MS }, () => bench.expectStillWorks());
});

/** A journal that must not be believed: how it is made of a good one, and what is said of it. */
interface BadJournal {
  readonly title: string;
  readonly make: (path: string, good: string) => Promise<void>;
  readonly code: string;
}

const put = (change: (good: string) => string) => (path: string, good: string) => writeFile(path, change(good));
const withIdentity = (change: Partial<JournalRecord['identity']>) =>
  put(good => sign(good, record => ({ ...record, identity: { ...record.identity, ...change } })));

const BAD_JOURNALS: readonly BadJournal[] = [
  { title: 'empty', make: put(() => ''), code: 'JOURNAL_UNREADABLE' },
  { title: 'random bytes', make: put(() => '\u0000\u00ff{]\n\n'), code: 'JOURNAL_UNREADABLE' },
  { title: 'cut off in the header', make: put(good => good.slice(0, 20)), code: 'JOURNAL_UNREADABLE' },
  { title: 'cut off in the body', make: put(good => good.slice(0, -200)), code: 'JOURNAL_TAMPERED' },
  {
    title: 'changed by one character',
    make: put(good => good.replace('10.9.0.2', '10.9.0.3')),
    code: 'JOURNAL_TAMPERED',
  },
  { title: 'with text after its end', make: put(good => `${good}{}\n`), code: 'JOURNAL_TAMPERED' },
  {
    title: 'signed JSON without a plan',
    make: put(good => sign(good, ({ plan: _, ...rest }) => rest)),
    code: 'JOURNAL_UNREADABLE',
  },
  { title: 'signed JSON that is null', make: put(good => sign(good, () => null)), code: 'JOURNAL_UNREADABLE' },
  {
    title: 'of another uplink',
    make: put(good => sign(good, r => ({ ...r, request: { ...r.request, uplink: 'eth1' } }))),
    code: 'JOURNAL_UNREADABLE',
  },
  {
    title: 'of another version',
    make: put(good => good.replace('"version":1', '"version":99')),
    code: 'JOURNAL_VERSION',
  },
  { title: 'a folder', make: path => mkdir(path).then(() => undefined), code: 'JOURNAL_UNREADABLE' },
  {
    title: 'a symbolic link',
    make: async (path, good) => {
      await writeFile(`${path}.target`, good);
      await symlink(`${path}.target`, path);
    },
    code: 'JOURNAL_UNREADABLE',
  },
  {
    title: 'of another boot',
    make: withIdentity({ bootId: '00000000-0000-0000-0000-000000000000' }),
    code: 'JOURNAL_FOREIGN',
  },
  { title: 'of another host', make: withIdentity({ machineId: 'f'.repeat(32) }), code: 'JOURNAL_FOREIGN' },
  { title: 'of another network namespace', make: withIdentity({ netns: 'net:[1]' }), code: 'JOURNAL_FOREIGN' },
];

describeLive('a journal that cannot be trusted', () => {
  let bench: FaultBench;
  let path: string;
  let good: string;
  let committed: HostImage;
  beforeAll(async () => {
    bench = await createBench({ name: 'jnl' });
    const there = await bench.migrate();
    expect(there.code, storyOf(there)).toBe(0);
    path = join(bench.lab.stateDir, 'eth0.journal');
    good = await readFile(path, 'utf8');
    committed = await captureUncounted(bench.lab);
  }, LIMIT_MS);
  afterAll(() => bench[Symbol.asyncDispose](), LIMIT_MS);

  it.each(sampled(BAD_JOURNALS, 3))(
    '$title: restore, migrate and recover say so and change nothing',
    { timeout: LIMIT_MS },
    async ({ make, code }) => {
      await rm(path, { force: true });
      await make(path, good);
      try {
        for (const command of ['restore', 'migrate'] as const) {
          const ended = await bench[command]();
          expect(ended.code, storyOf(ended)).toBe(3);
          expect(ended.cause, command).toMatch(wordsFor(code, command));
          expect(ended.cause, 'no advice').toMatch(/; /);
        }
        const recovered = await bench.command(['recover']);
        // A committed migration needs no recovery; what cannot be read might be anything.
        if (code !== 'JOURNAL_FOREIGN') {
          expect(recovered.code, storyOf(recovered)).toBe(3);
          expect(recovered.cause).toContain(code);
        }
        const status = await bench.command(['status']);
        expect(status.code, storyOf(status)).toBe(0);
        expect(diffImages(committed, await captureUncounted(bench.lab))).toEqual([]);
      } finally {
        await rm(path, { force: true, recursive: true });
        await rm(`${path}.target`, { force: true });
      }
    },
  );

  it('another boot, host or namespace, left in the middle: recover refuses, too', { timeout: LIMIT_MS }, async () => {
    const identities = [{ bootId: 'another' }, { machineId: 'another' }, { netns: 'net:[1]' }];
    for (const identity of identities) {
      const text = sign(good, r => ({ ...r, stage: 'cuttingOver', identity: { ...r.identity, ...identity } }));
      await writeFile(path, text);
      const ended = await bench.command(['recover']);
      expect(ended.code, storyOf(ended)).toBe(3);
      expect(ended.cause).toContain('JOURNAL_FOREIGN');
      expect(await readFile(path, 'utf8')).toBe(text);
      expect(diffImages(committed, await captureUncounted(bench.lab))).toEqual([]);
    }
  });

  it('with the good one back, restore gives the host back', { timeout: LIMIT_MS }, async () => {
    await writeFile(path, good, { mode: 0o600 });
    await bench.expectRestored();
    await bench.expectStillWorks();
  });
});

/** ovs-vswitchd writes the counters of the interfaces into our rows every few seconds. */
async function captureUncounted(lab: Lab): Promise<HostImage> {
  const image = await captureHost(lab);
  return { ...image, ovsRows: image.ovsRows.map(({ statistics: _, ...row }) => row) };
}

/** `migrate` judges a foreign journal as a finding; everywhere else it is an error with this code. */
function wordsFor(code: string, command: string): RegExp {
  return command === 'migrate' && code === 'JOURNAL_FOREIGN' ? /journal of eth0 was written/ : new RegExp(code);
}

/** A journal with another body and a checksum that fits. */
function sign(good: string, change: (record: JournalRecord) => unknown): string {
  const end = good.indexOf('\n');
  const header = JSON.parse(good.slice(0, end)) as { readonly sha256: string };
  const body = JSON.stringify(change(JSON.parse(good.slice(end + 1)) as JournalRecord));
  return `${JSON.stringify({ ...header, sha256: createHash('sha256').update(body).digest('hex') })}\n${body}\n`;
}
