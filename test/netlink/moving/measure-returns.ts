import { type MoveOutcome, move, watched } from './measure-moves.ts';
import { ALTNAME, LINK, LINK_INDEX, type MoveBench, NEW_NAME, openMoveBenches } from './move-bench.ts';
import { occupy, reserve } from './move-cases.ts';

const RENAMED = 'eth9';

/** What happened before the link went and while it was away. */
interface ReturnCase {
  readonly before?: (bench: MoveBench) => Promise<unknown>;
  readonly meanwhile?: (bench: MoveBench) => Promise<unknown> | unknown;
  readonly newIndex?: number;
  /** Instead of a move. */
  readonly act?: (bench: MoveBench) => Promise<string | null>;
}

const RETURN_CASES = {
  'nothing in the way': {},
  'it was renamed there': {
    meanwhile: async ({ target }) => {
      // Linux 6.1 renames no link that is up.
      await target.netlink.setLink(LINK_INDEX, { up: false });
      await target.netlink.setLink(LINK_INDEX, { name: RENAMED });
    },
  },
  'its name at home has been taken': { meanwhile: ({ home }) => occupy(home, LINK) },
  'its name at home has become an altname': { meanwhile: ({ home }) => occupy(home, 'way0', { altname: LINK }) },
  'its name at home and its name in the target have been taken': {
    meanwhile: async ({ home }) => {
      await occupy(home, LINK);
      await occupy(home, NEW_NAME);
    },
  },
  'its altname has been taken': { meanwhile: ({ home }) => occupy(home, 'way0', { altname: ALTNAME }) },
  'its index has been taken': { meanwhile: ({ home }) => occupy(home, 'way0', { index: LINK_INDEX }) },
  'it had another index there': {
    before: ({ target }) => occupy(target, 'way0', { index: LINK_INDEX }),
  },
  'it had another index there, and is to have its own again': {
    before: ({ target }) => occupy(target, 'way0', { index: LINK_INDEX }),
    newIndex: LINK_INDEX,
  },
  'its name in the target is an altname of the loopback': { meanwhile: ({ home }) => reserve(home, NEW_NAME) },
  'its name in the target is an altname of the loopback, and its name at home has been taken': {
    meanwhile: async ({ home }) => {
      await reserve(home, NEW_NAME);
      await occupy(home, LINK);
    },
  },
  'the target is deleted': { act: deleteTarget },
} as const satisfies Record<string, ReturnCase>;

/** Brings the link back after it was in use in the target; how it differs from what it was at home at first. */
export async function measureReturns(): Promise<Record<string, MoveOutcome>> {
  const outcomes: Record<string, MoveOutcome> = {};
  await using benches = openMoveBenches();
  for (const [title, { before, meanwhile, newIndex, act }] of Object.entries<ReturnCase>(RETURN_CASES)) {
    const bench = await benches.next();
    const { home, target } = bench;
    await before?.(bench);
    outcomes[title] = await watched(bench, async () => {
      await move(home, target, { name: NEW_NAME, up: true });
      target.namespace.ip('addr', 'add', '10.66.0.5/24', 'dev', NEW_NAME);
      const index = (await target.netlink.linkByName(NEW_NAME))?.index;
      await meanwhile?.(bench);
      return await (act?.(bench) ?? move(target, home, { name: LINK }, newIndex, index));
    });
  }
  return outcomes;
}

/** The kernel does so in its own time; the other end of the veth tells when. */
async function deleteTarget({ far, loseTarget }: MoveBench): Promise<null> {
  const gone = Promise.withResolvers<void>();
  await using _events = far.netlink.subscribe(['link'], event => {
    if (event.type === 'link.removed') gone.resolve();
  });
  await loseTarget({ pinned: false });
  await gone.promise;
  return null;
}
