import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { INGRESS_DROP_TABLE, type IngressDrops, openIngressDrops, openNetlink } from '../../src/netlink/index.ts';
import { canMakeNamespaces, createPair, failureOf } from './netns-lab.ts';

describe.skipIf(!canMakeNamespaces)('ingress drop', () => {
  let pair: ReturnType<typeof createPair>;
  let netnsPath: string;
  let drops: IngressDrops;
  beforeEach(() => {
    pair = createPair();
    netnsPath = pair.a.path;
    drops = openIngressDrops({ netnsPath });
    const mac = pair.a.ipJson<{ address: string }>('link', 'show', 'a0')[0]!.address;
    pair.b.ip('neigh', 'replace', '10.77.0.1', 'lladdr', mac, 'dev', 'b0');
  });
  afterEach(async () => {
    await drops?.[Symbol.asyncDispose]();
    pair?.remove();
  });

  /** Does the stack behind a0 answer a TCP SYN (with a reset: nobody listens)? ARP is dropped as well, so the peer knows the way. */
  const answers = (): boolean => {
    const connect = 'timeout 2 bash -c "echo > /dev/tcp/10.77.0.1/9" 2>&1 || true';
    return pair.b.exec('bash', '-c', connect).includes('refused');
  };
  const ruleset = () => pair.a.exec('nft', 'list', 'ruleset');

  test('a move leaves exactly one of two links silent, and with something between both are heard meanwhile', async () => {
    pair.a.ip('link', 'add', 'm0', 'type', 'bridge');
    await drops.add('m0');
    await drops.move('m0', 'a0');
    expect(await drops.list()).toEqual(['a0']);
    expect(answers()).toBe(false);
    let heard: boolean | undefined;
    await drops.move('a0', 'm0', async () => {
      heard = answers();
    });
    expect(heard).toBe(true);
    expect(await drops.list()).toEqual(['m0']);
    expect(answers()).toBe(true);
  });

  test('a move that dies half-way leaves what is listed and can be removed; one without a drop to move is refused', async () => {
    pair.a.ip('link', 'add', 'm0', 'type', 'bridge');
    await drops.add('a0');
    // Both chains let everything pass here: a process that is killed leaves them.
    await drops.move('a0', 'm0', async () => {
      expect([...(await drops.list())].sort()).toEqual(['a0', 'm0']);
    });
    pair.a.exec('nft', 'add', 'chain', 'netdev', INGRESS_DROP_TABLE, 'drop-m0', '{ policy accept; }');
    expect(await drops.list()).toEqual(['m0']);
    await drops.remove('m0');
    expect(ruleset()).toBe('');
    await expect(drops.move('a0', 'm0')).rejects.toMatchObject({
      code: 'NETLINK_REFUSED',
      details: { object: 'a0', errnoName: 'ENOENT' },
    });
    expect(ruleset()).toBe('');
  });

  test('packets stop while it is there and flow again after, and nft shows it', async () => {
    expect(answers()).toBe(true);
    expect(await drops.has('a0')).toBe(false);
    await drops.add('a0');
    expect(answers()).toBe(false);
    expect(await drops.has('a0')).toBe(true);
    expect(ruleset().replace(/\s+/g, ' ')).toContain(
      `table netdev ${INGRESS_DROP_TABLE} { chain drop-a0 { type filter hook ingress device "a0" priority filter + 10; policy drop; } }`,
    );
    await drops.remove('a0');
    expect(ruleset()).toBe('');
    expect(answers()).toBe(true);
  });

  test('adding and removing twice is the same as once', async () => {
    await drops.add('a0');
    const once = ruleset();
    await drops.add('a0');
    expect(ruleset()).toBe(once);
    await drops.remove();
    await drops.remove();
    await drops.remove('a0');
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
    await drops.add('a0');
    await drops.add('c0~');
    await drops.remove('a0');
    expect(await drops.has('a0')).toBe(false);
    expect(await drops.has('c0~')).toBe(true);
    expect(answers()).toBe(true);
    await drops.remove();
    expect(ruleset()).toContain('table netdev somebody');
    expect(ruleset()).not.toContain(INGRESS_DROP_TABLE);
  });

  test('a link that is not there is refused, and nothing is left behind', async () => {
    expect(await failureOf(drops.add('none0'))).toMatchObject({
      code: 'LINK_GONE',
      object: 'none0',
    });
    expect(ruleset()).toBe('');
  });

  test('after a rename the answer is true, the new name can be dropped, and the old name is free', async () => {
    await using netlink = openNetlink({ netnsPath });
    const { index } = (await netlink.linkByName('a0'))!;
    await drops.add('a0');
    await netlink.setLink(index, { name: 'a0~' });
    const dropped = !answers();
    // Whatever this kernel does to the old hook, what we say is true, and adding it by the new name drops.
    expect(await drops.has('a0~')).toBe(dropped);
    expect(await drops.has('a0')).toBe(false);
    await drops.add('a0~');
    expect(await drops.has('a0~')).toBe(true);
    expect(answers()).toBe(false);
    // A link that takes the old name afterwards is not dropped.
    pair.a.ip('link', 'add', 'a0', 'type', 'veth', 'peer', 'name', 'a1');
    expect(await drops.has('a0')).toBe(false);
    await drops.remove();
    expect(answers()).toBe(true);
  });
});
