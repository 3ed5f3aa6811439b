import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMoveFacts } from '../../src/host/linux-move-facts.ts';
import { link } from '../domain/precheck/hosts.ts';

const NIC = link({ parentBus: 'pci', parentDevice: '0000:03:00.0' });

describe('what is known of SR-IOV', () => {
  let root: string;
  let device: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ovs-uplink-sriov-'));
    device = join(root, 'sys/bus/pci/devices/0000:03:00.0');
    mkdirSync(device, { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('a device with a physical function is a virtual one', async () => {
    symlinkSync('../0000:02:00.0', join(device, 'physfn'));
    // The link leads nowhere here, as below a device that was taken away.
    mkdirSync(join(root, 'sys/bus/pci/devices/0000:02:00.0'));
    expect((await readMoveFacts(NIC, root)).sriov).toEqual({ isVirtual: true });
  });

  it('a physical one has so many', async () => {
    writeFileSync(join(device, 'sriov_numvfs'), '4\n');
    expect((await readMoveFacts(NIC, root)).sriov).toEqual({ isVirtual: false, functions: 4 });
  });

  it.each([
    ['a device that cannot have any', NIC],
    ['a device that is not there', link({ parentBus: 'pci', parentDevice: '0000:09:00.0' })],
    ['a device of another bus', link({ parentBus: 'virtio', parentDevice: 'virtio0' })],
    ['a link without a device', link({ parentBus: null, parentDevice: null })],
    ['no link', null],
  ])('nothing of %s', async (_, asked) => {
    expect((await readMoveFacts(asked, root)).sriov).toBeNull();
  });
});
