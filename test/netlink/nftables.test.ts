import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  addIngressDrop,
  hasIngressDrop,
  INGRESS_DROP_TABLE,
  openNetlink,
  removeIngressDrop,
} from '../../src/netlink/index.ts';
import { canMakeNamespaces, createPair, failureOf } from './netns-lab.ts';

describe.skipIf(!canMakeNamespaces)('ingress drop', () => {
  let pair: ReturnType<typeof createPair>;
  let netnsPath: string;
  beforeEach(() => {
    pair = createPair();
    netnsPath = pair.a.path;
    const mac = pair.a.ipJson<{ address: string }>('link', 'show', 'a0')[0]!.address;
    pair.b.ip('neigh', 'replace', '10.77.0.1', 'lladdr', mac, 'dev', 'b0');
  });
  afterEach(() => pair?.remove());

  /** Does the stack behind a0 answer a TCP SYN (with a reset: nobody listens)? ARP is dropped as well, so the peer knows the way. */
  const answers = (): boolean => {
    const connect = 'timeout 2 bash -c "echo > /dev/tcp/10.77.0.1/9" 2>&1 || true';
    return pair.b.exec('bash', '-c', connect).includes('refused');
  };
  const ruleset = () => pair.a.exec('nft', 'list', 'ruleset');

  test('packets stop while it is there and flow again after, and nft shows it', async () => {
    expect(answers()).toBe(true);
    expect(await hasIngressDrop('a0', { netnsPath })).toBe(false);
    await addIngressDrop('a0', { netnsPath });
    expect(answers()).toBe(false);
    expect(await hasIngressDrop('a0', { netnsPath })).toBe(true);
    expect(ruleset().replace(/\s+/g, ' ')).toContain(
      `table netdev ${INGRESS_DROP_TABLE} { chain drop-a0 { type filter hook ingress device "a0" priority filter + 10; policy drop; } }`,
    );
    await removeIngressDrop('a0', { netnsPath });
    expect(ruleset()).toBe('');
    expect(answers()).toBe(true);
  });

  test('adding and removing twice is the same as once', async () => {
    await addIngressDrop('a0', { netnsPath });
    const once = ruleset();
    await addIngressDrop('a0', { netnsPath });
    expect(ruleset()).toBe(once);
    await removeIngressDrop(undefined, { netnsPath });
    await removeIngressDrop(undefined, { netnsPath });
    await removeIngressDrop('a0', { netnsPath });
    expect(ruleset()).toBe('');
  });

  test('two links are dropped and released each on its own; tables of others stay', async () => {
    pair.a.exec('nft', 'add', 'table', 'netdev', 'somebody');
    pair.a.exec(
      'nft',
      'add',
      'chain',
      'netdev',
      'somebody',
      'c',
      '{ type filter hook ingress device a0 priority 0; policy accept; }',
    );
    pair.a.ip('link', 'add', 'c0~', 'type', 'veth', 'peer', 'name', 'c1');
    await addIngressDrop('a0', { netnsPath });
    await addIngressDrop('c0~', { netnsPath });
    await removeIngressDrop('a0', { netnsPath });
    expect(await hasIngressDrop('a0', { netnsPath })).toBe(false);
    expect(await hasIngressDrop('c0~', { netnsPath })).toBe(true);
    expect(answers()).toBe(true);
    await removeIngressDrop(undefined, { netnsPath });
    expect(ruleset()).toContain('table netdev somebody');
    expect(ruleset()).not.toContain(INGRESS_DROP_TABLE);
  });

  test('a link that is not there is refused, and nothing is left behind', async () => {
    expect(await failureOf(addIngressDrop('none0', { netnsPath }))).toMatchObject({
      code: 'LINK_GONE',
      object: 'none0',
    });
    expect(ruleset()).toBe('');
  });

  test('after a rename the answer is true, the new name can be dropped, and the old name is free', async () => {
    await using netlink = openNetlink({ netnsPath });
    const { index } = (await netlink.linkByName('a0'))!;
    await addIngressDrop('a0', { netnsPath });
    await netlink.setLink(index, { name: 'a0~' });
    const dropped = !answers();
    // Whatever this kernel does to the old hook, what we say is true, and adding it by the new name drops.
    expect(await hasIngressDrop('a0~', { netnsPath })).toBe(dropped);
    expect(await hasIngressDrop('a0', { netnsPath })).toBe(false);
    await addIngressDrop('a0~', { netnsPath });
    expect(await hasIngressDrop('a0~', { netnsPath })).toBe(true);
    expect(answers()).toBe(false);
    // A link that takes the old name afterwards is not dropped.
    pair.a.ip('link', 'add', 'a0', 'type', 'veth', 'peer', 'name', 'a1');
    expect(await hasIngressDrop('a0', { netnsPath })).toBe(false);
    await removeIngressDrop(undefined, { netnsPath });
    expect(answers()).toBe(true);
  });
});
