/** Keys whose texts are words of ours, of the kernel or of Open vSwitch, never names that somebody gave. */
const VOCABULARY: ReadonlySet<string> = new Set([
  'apiVersion',
  'code',
  'datapath',
  'datapathType',
  'datapathTypes',
  'end',
  'entry',
  'errnoName',
  'fact',
  'failMode',
  'interfaceTypes',
  'kernel',
  'kind',
  'layout',
  'machine',
  'op',
  'operState',
  'ovsVersion',
  'parentBus',
  'program',
  'qdisc',
  'recordedAt',
  'result',
  'severity',
  'slaveKind',
  'state',
  'type',
  'verdict',
]);

/** Called with each text that may hold a name: where it stands, and the keys on the way there. */
export type OnText = (text: string, path: readonly string[]) => string;

/** Copies JSON with every text, and every key that somebody chose, as `onText` gives it back. */
export function mapTexts(value: unknown, onText: OnText, path: readonly string[] = []): unknown {
  const key = path.at(-1) ?? '';
  if (typeof value === 'string') return VOCABULARY.has(key) ? value : onText(value, path);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(element => mapTexts(element, onText, path));
  const isChosen = key === 'externalIds' || key === 'otherConfig' || key === 'sysctls';
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      isChosen && !name.startsWith('ovs-uplink:') ? onText(name, [...path, 'key']) : name,
      mapTexts(field, onText, [...path, name]),
    ]),
  );
}
