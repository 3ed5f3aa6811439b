import type { InterfaceImage, OvsImage, OvsOperation } from './operation.ts';

/** Where the model is known not to follow the real one, and why. */
interface KnownDifference {
  readonly why: string;
  /** The real image as it may be taken instead. */
  readonly forgive: (real: OvsImage, model: OvsImage, history: readonly OvsOperation[]) => OvsImage;
}

const KNOWN: readonly KnownDifference[] = [
  {
    why: `A port that ovs-vswitchd makes at its own start is first told with the MAC that the kernel drew. The update that follows is lost now and
then (its first transaction is still under way, daemonize_txn in bridge.c), and mac_in_use is then stale until the link changes again.`,
    forgive: (real, model, history) =>
      history.some(({ op }) => op === 'vswitchd.start')
        ? { ...real, interfaces: real.interfaces.map(row => withMac(row, model)) }
        : real,
  },
];

function withMac(row: InterfaceImage, model: OvsImage): InterfaceImage {
  const same = model.interfaces.find(each => each.name === row.name);
  return row.mac === 'drawn' && same !== undefined && row.ifindex === row.name ? { ...row, mac: same.mac } : row;
}

/** What differs, a line each, beside what is {@link KNOWN}. */
export function diffImages(real: OvsImage, model: OvsImage, history: readonly OvsOperation[]): readonly string[] {
  let forgiven = real;
  for (const known of KNOWN) forgiven = known.forgive(forgiven, model, history);
  const [ours, theirs] = [linesOf(model), linesOf(forgiven)];
  return [
    ...theirs.filter(line => !ours.includes(line)).map(line => `real:  ${line}`),
    ...ours.filter(line => !theirs.includes(line)).map(line => `model: ${line}`),
  ];
}

function linesOf({ bridges, interfaces, links, ...whole }: OvsImage): readonly string[] {
  return [
    JSON.stringify(whole),
    ...bridges.map(row => `bridge ${JSON.stringify(row)}`),
    ...interfaces.map(row => `interface ${JSON.stringify(row)}`),
    ...links.map(link => `link ${JSON.stringify(link)}`),
  ];
}
