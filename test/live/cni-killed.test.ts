import { once } from 'node:events';
import { watch } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { ipBatch } from '../lab/two-ports.ts';
import { call, confOf, kill, start } from './cni/plugin.ts';
import { linkIn, makeNic, NIC } from './moving/nic.ts';

const DONE = { code: 0, text: '' };

describeLive('the CNI plugin, killed', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: 'ckill' });
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  /** Resolves when a file of that name is written in a folder. */
  const written = async (folder: string, name: string): Promise<void> => {
    const watcher = watch(folder);
    try {
      for (;;) if ((await once(watcher, 'change'))[1] === name) return;
    } finally {
      watcher.close();
    }
  };
  /** Runs a command, and kills it as soon as it has written the journal. */
  const killAtJournal = async (command: string): Promise<void> => {
    const journal = written(lab.stateDir, `${NIC}.move`);
    const plugin = start(lab, command, confOf(lab));
    await journal;
    await kill(plugin);
  };

  it.each([
    ['DEL', {}],
    ['GC', { 'cni.dev/valid-attachments': [] }],
  ])('in an ADD that has begun: %s brings the link home as it was', async (command, more) => {
    await using nic = await makeNic(lab);
    for (let round = 0; round < 2; round += 1) {
      await killAtJournal('ADD');
      expect(await call(lab, command, confOf(lab, more))).toMatchObject(DONE);
      expect(await nic.changes()).toEqual([]);
    }
  });

  it('in an ADD that has begun: the ADD of another container finds the link at home', async () => {
    await using nic = await makeNic(lab);
    await killAtJournal('ADD');
    const other = { CNI_CONTAINERID: 'c2', CNI_IFNAME: 'net2' };
    expect(await call(lab, 'ADD', confOf(lab), other)).toMatchObject({ code: 0 });
    expect(await linkIn(lab, lab.farNs, 'net2')).toMatchObject({ operstate: 'UP' });
    // It is not the other's to take away.
    expect(await call(lab, 'DEL', confOf(lab))).toMatchObject(DONE);
    expect(await linkIn(lab, lab.farNs, 'net2')).toMatchObject({ operstate: 'UP' });
    expect(await call(lab, 'DEL', confOf(lab), other)).toMatchObject(DONE);
    expect(await nic.changes()).toEqual([]);
  });

  it('in a DEL that has begun: the next DEL ends it', async () => {
    await using nic = await makeNic(lab);
    for (let round = 0; round < 2; round += 1) {
      expect(await call(lab, 'ADD', confOf(lab))).toMatchObject({ code: 0 });
      await ipBatch(lab.farNs, ['link set net1 down', 'link set net1 name inside']);
      await killAtJournal('DEL');
      expect(await call(lab, 'DEL', confOf(lab))).toMatchObject(DONE);
      expect(await nic.changes()).toEqual([]);
    }
  });

  it('while IPAM works: DEL brings the link home as it was', async () => {
    await using nic = await makeNic(lab);
    const folder = join(lab.dir, 'plugins');
    await mkdir(folder);
    const script = `#!/bin/sh\n[ "$CNI_COMMAND" = ADD ] || exit 0\necho $$ >'${folder}/pid'\nexec sleep 600\n`;
    await writeFile(join(folder, 'slow'), script);
    await chmod(join(folder, 'slow'), 0o755);
    const conf = confOf(lab, { ipam: { type: 'slow' } });
    const asked = written(folder, 'pid');
    const plugin = start(lab, 'ADD', conf, { CNI_PATH: folder });
    await asked;
    await kill(plugin);
    process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), 'SIGKILL');
    expect(await linkIn(lab, lab.farNs, 'net1')).toMatchObject({ operstate: 'UP' });
    expect(await call(lab, 'DEL', conf, { CNI_PATH: folder })).toMatchObject(DONE);
    expect(await nic.changes()).toEqual([]);
  });
});
