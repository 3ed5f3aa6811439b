import { openNetlink } from '../../../src/netlink/index.ts';
import { runCommand } from '../../lab/command.ts';
import { type MoveOutcome, measureMoves } from '../../netlink/moving/measure-moves.ts';
import { measureReturns } from '../../netlink/moving/measure-returns.ts';
import { type Heard, hearMoves } from '../../netlink/moving/move-events.ts';
import { createNamespace } from '../../netlink/netns-lab.ts';

/** What this kernel does with a link that moves into another namespace and back. */
export async function moveLinks(): Promise<{
  readonly moves: Record<string, MoveOutcome>;
  readonly returns: Record<string, MoveOutcome>;
  readonly heard: Record<string, Heard>;
}> {
  return { moves: await measureMoves(), returns: await measureReturns(), heard: await hearMoves() };
}

/** A link that no other one made, as those of hardware: no rtnl_link_ops. It needs nothing but its module. */
const HARDWARE = 'eql';
const ALIAS = 'hardware';

/** What stands in the way in the first namespace. */
const RETURNS = { nothing: [], 'its name': ['net0'], 'its altname': ['enp8s0'] } as const;

/** How a link of hardware comes to the first namespace when that which it was moved to is deleted: its name and altnames. */
export async function returnHardware(): Promise<Record<string, string>> {
  const run = (command: string) => runCommand(command.split(' '), { check: true });
  await run(`modprobe ${HARDWARE}`);
  await run(`ip link set ${HARDWARE} alias ${ALIAS}`);
  await run(`ip link property add dev ${HARDWARE} altname enp8s0`);
  await using netlink = openNetlink();
  const seen: Record<string, string> = {};
  for (const [title, names] of Object.entries<readonly string[]>(RETURNS)) {
    const target = createNamespace('hardware');
    await run(`ip link set ${HARDWARE} netns ${target.name} name net0`);
    for (const name of names) await run(`ip link add ${name} type ifb`);
    const came = Promise.withResolvers<string>();
    await using _events = netlink.subscribe(['link'], event => {
      if (event.type !== 'link.changed' || event.link.alias !== ALIAS) return;
      const name = event.link.name.replace(`${event.link.index}`, '<index>');
      came.resolve([name, ...event.link.altnames].join(' '));
    });
    target.remove();
    seen[title] = await came.promise;
    for (const name of names) await run(`ip link del ${name}`);
    const back = (await netlink.links()).find(link => link.alias === ALIAS);
    await netlink.setLink(back!.index, { name: HARDWARE });
  }
  await run(`modprobe -r ${HARDWARE}`);
  return seen;
}
