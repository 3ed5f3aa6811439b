import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LINK_POLICY_MARK } from '../../src/domain/udev/link-policy.ts';
import { readLinkFiles } from '../../src/host/linux-link-files.ts';
import { removeLinkPolicy, writeLinkPolicy } from '../../src/host/linux-link-policy.ts';

const FOLDER = '/etc/systemd/network';
const DROP_IN = `${FOLDER}/10-netplan-eth0.link.d/50-ovs-uplink.conf`;
const OWN = `${FOLDER}/98-ovs-uplink-eth0.link`;
const TEXT = `${LINK_POLICY_MARK} for eth0\n[Link]\nAlternativeName=\n`;

let root: string;
let reloads: number;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ovsu-policy-'));
  reloads = 0;
});
afterEach(() => rm(root, { recursive: true, force: true }));

// udevd itself is asked in test/live/altname-policy.test.ts.
const options = () => ({
  root,
  reload: async () => {
    reloads += 1;
    return true;
  },
});
const write = (path: string, text = TEXT) => writeLinkPolicy(path, text, options());
const remove = (path: string) => removeLinkPolicy(path, options());
const below = async (): Promise<readonly string[]> =>
  (await readdir(join(root, FOLDER), { recursive: true }).catch(() => [])).toSorted();
async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

describe('a link policy', () => {
  it.each([OWN, DROP_IN])('is written for everybody to read, and goes without a trace: %s', async path => {
    await put(`${FOLDER}/10-netplan-eth0.link`, '[Match]\nOriginalName=eth0\n');
    const before = await below();
    const umask = process.umask(0o077);
    try {
      expect(await write(path)).toEqual({ isReloaded: true });
    } finally {
      process.umask(umask);
    }
    expect((await stat(join(root, path))).mode & 0o777).toBe(0o644);
    expect((await stat(dirname(join(root, path)))).mode & 0o055).toBe(0o055);
    expect((await readLinkFiles(root)).map(file => file.text).join('\n')).toContain(TEXT);
    await remove(path);
    expect(await below()).toEqual(before);
    expect(reloads).toBe(2);
  });

  it('is written once, however often that is asked', async () => {
    await write(DROP_IN);
    const first = await stat(join(root, DROP_IN));
    await write(DROP_IN);
    expect((await stat(join(root, DROP_IN))).ino).toBe(first.ino);
    await write(DROP_IN, TEXT.replace('AlternativeName=', 'AlternativeNamesPolicy='));
    expect(await readFile(join(root, DROP_IN), 'utf8')).toContain('AlternativeNamesPolicy=');
    await remove(DROP_IN);
    await remove(DROP_IN);
    expect(await below()).toEqual([]);
  });

  it('leaves the folder of a drop-in that others use, or that was there before', async () => {
    await write(DROP_IN);
    await put(`${dirname(DROP_IN)}/60-mine.conf`, 'mine');
    await remove(DROP_IN);
    expect(await below()).toEqual(['10-netplan-eth0.link.d', '10-netplan-eth0.link.d/60-mine.conf']);

    await rm(join(root, dirname(DROP_IN), '60-mine.conf'));
    await write(DROP_IN);
    await remove(DROP_IN);
    expect(await below()).toEqual(['10-netplan-eth0.link.d']);
  });

  it.each([OWN, DROP_IN])('neither overwrites nor removes a file of somebody else: %s', async path => {
    await put(path, '[Link]\nMTUBytes=9000\n');
    const refusal = { code: 'OWNER_REFUSED', details: { object: join(root, path) } };
    await expect(write(path)).rejects.toMatchObject(refusal);
    await expect(remove(path)).rejects.toMatchObject(refusal);
    expect(await readFile(join(root, path), 'utf8')).toBe('[Link]\nMTUBytes=9000\n');
    expect(reloads).toBe(0);
  });

  it('does not follow a symbolic link, whatever that leads to', async () => {
    await put(`${FOLDER}/mine`, TEXT);
    await symlink('mine', join(root, OWN));
    await expect(write(OWN)).rejects.toMatchObject({ code: 'OWNER_REFUSED' });
    await expect(remove(OWN)).rejects.toMatchObject({ code: 'OWNER_REFUSED' });
  });

  it.each([
    '/etc/passwd',
    `${FOLDER}/99-default.link`,
    `${FOLDER}/../../passwd/98-ovs-uplink-eth0.link`,
    `${FOLDER}/a/98-ovs-uplink-eth0.link`,
    `${FOLDER}/10-x.link.d/60-mine.conf`,
    `${FOLDER}/x/10-x.link.d/50-ovs-uplink.conf`,
    '/run/systemd/network/98-ovs-uplink-eth0.link',
  ])('has no business at %s, though a journal may say so', async path => {
    await expect(write(path)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(remove(path)).rejects.toMatchObject({ code: 'USAGE' });
    expect(await below()).toEqual([]);
  });

  it('is refused without its mark', async () => {
    await expect(write(OWN, '[Link]\n')).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('says what the system said where it cannot be written', async () => {
    await put('/etc/systemd/network', 'a file in the way');
    await expect(write(OWN)).rejects.toMatchObject({ code: 'OWNER_UNREACHABLE', details: { object: OWN } });
  });

  it('clears up behind a process that was killed while it wrote or removed', async () => {
    await put(`${FOLDER}/.98-ovs-uplink-eth0.link.ovs-uplink`, 'half');
    await put(`${FOLDER}/.10-netplan-eth0.link.d.ovs-uplink/.50-ovs-uplink.conf.ovs-uplink`, 'half');
    await write(OWN);
    await write(DROP_IN);
    const text = await readFile(join(root, DROP_IN), 'utf8');
    await remove(OWN);
    await remove(DROP_IN);
    // Killed between the file and its folder.
    await mkdir(join(root, dirname(DROP_IN)));
    await put(`${FOLDER}/.10-netplan-eth0.link.d.ovs-uplink-parting`, text);
    await remove(DROP_IN);
    expect(await below()).toEqual([]);
  });

  it('is there although udevd could not be told', async () => {
    const result = await writeLinkPolicy(OWN, TEXT, { root, reload: async () => false });
    expect(result).toEqual({ isReloaded: false });
    expect(await readFile(join(root, OWN), 'utf8')).toBe(TEXT);
  });
});
