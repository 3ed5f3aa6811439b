import { isDeepStrictEqual } from 'node:util';
import { type HostImage, isObject, type Json, type JsonObject } from './image-shape.ts';
import type { ImageTolerance } from './image-volatile.ts';

/** Compares two normalised images; one line a difference. */
export function compareImages(before: HostImage, after: HostImage, tolerance: ImageTolerance): string[] {
  const toleranceS = tolerance.lifetimeToleranceS ?? 2;
  const table = (kind: string, key: (item: JsonObject) => string, pick: (image: HostImage) => readonly JsonObject[]) =>
    compareTables(kind, keyed(pick(before), key), keyed(pick(after), key), toleranceS);
  return [
    ...table('link', linkKey, image => image.links),
    ...addressDifferences(before, after, toleranceS),
    ...table('route', routeKey, image => image.routes4),
    ...table('route', routeKey, image => image.routes6),
    ...table('rule', ruleKey, image => image.rules4),
    ...table('rule -6', ruleKey, image => image.rules6),
    ...table('neighbour', neighbourKey, image => image.neighbours4),
    ...table('neighbour', neighbourKey, image => image.neighbours6),
    ...table('qdisc', qdiscKey, image => image.qdiscs),
    ...table('OVSDB row', rowKey, image => image.ovsRows),
    ...compareFields('sysctl', before.sysctls, after.sysctls, toleranceS),
    ...compareFields('nftables', { ruleset: before.nftables }, { ruleset: after.nftables }, toleranceS),
  ];
}

// What names an object; everything else is a field of it.
const linkKey = (link: JsonObject) => text(link, 'ifname');
const routeKey = (route: JsonObject) =>
  `${text(route, 'type')} ${text(route, 'dst')} table ${text(route, 'table', 'main')} metric ${text(route, 'metric', '0')} ` +
  `dev ${text(route, 'dev', '-')}`;
const ruleKey = (rule: JsonObject) => `${text(rule, 'priority')} lookup ${text(rule, 'table', '-')}`;
const neighbourKey = (neighbour: JsonObject) => `${text(neighbour, 'dst')} dev ${text(neighbour, 'dev')}`;
const qdiscKey = (qdisc: JsonObject) => `${text(qdisc, 'kind')} ${text(qdisc, 'parent', 'root')}`;
const rowKey = (row: JsonObject) => `${text(row, 'table')} ${text(row, 'name', '')} ${JSON.stringify(row._uuid)}`;
const addressKey = (address: JsonObject) =>
  `${text(address, 'local')}${address.address === undefined ? '' : ` peer ${text(address, 'address')}`}` +
  `/${text(address, 'prefixlen')}`;

function addressDifferences(before: HostImage, after: HostImage, toleranceS: number): string[] {
  const lists = (image: HostImage) =>
    new Map(image.addresses.map(link => [linkKey(link), (link.addr_info ?? []) as readonly JsonObject[]]));
  const [was, is] = [lists(before), lists(after)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap(link => {
    const from = keyed(was.get(link) ?? [], addressKey);
    const to = keyed(is.get(link) ?? [], addressKey);
    const differences = compareTables(`address on ${link}`, from, to, toleranceS);
    // The order decides which address is a primary, and which source address is chosen.
    const [order, newOrder] = [[...from.keys()].join(', '), [...to.keys()].join(', ')];
    const isReordered = order !== newOrder && from.size === to.size && [...from.keys()].every(key => to.has(key));
    return isReordered
      ? [...differences, `order of addresses on ${link}: before ${order}, after ${newOrder}`]
      : differences;
  });
}

/** Names the objects of a list; equal names get a number, so that none is lost. */
function keyed(items: readonly JsonObject[], key: (item: JsonObject) => string): Map<string, JsonObject> {
  const result = new Map<string, JsonObject>();
  for (const item of items) {
    const name = key(item);
    let unique = name;
    for (let number = 2; result.has(unique); number += 1) unique = `${name} #${number}`;
    result.set(unique, item);
  }
  return result;
}

function compareTables(
  kind: string,
  before: ReadonlyMap<string, JsonObject>,
  after: ReadonlyMap<string, JsonObject>,
  toleranceS: number,
): string[] {
  const missing = [...before].filter(([key]) => !after.has(key));
  const extra = [...after].filter(([key]) => !before.has(key));
  return [
    ...missing.map(([key, item]) => `${kind} ${key}: missing, was ${JSON.stringify(item)}`),
    ...extra.map(([key, item]) => `${kind} ${key}: new, is ${JSON.stringify(item)}`),
    ...[...before].flatMap(([key, item]) => {
      const other = after.get(key);
      return other === undefined ? [] : compareFields(`${kind} ${key}`, item, other, toleranceS);
    }),
  ];
}

function compareFields(path: string, before: JsonObject, after: JsonObject, toleranceS: number): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap(field =>
    compareValues(`${path}: ${field}`, before[field], after[field], toleranceS),
  );
}

function compareValues(path: string, before: Json | undefined, after: Json | undefined, toleranceS: number): string[] {
  if (isObject(before) && isObject(after)) {
    const [endedAtS, endsAtS] = [before.endsAtS, after.endsAtS];
    if (typeof endedAtS === 'number' && typeof endsAtS === 'number') {
      const shiftS = endsAtS - endedAtS;
      const shift = `${Math.abs(shiftS).toFixed(1)} s ${shiftS < 0 ? 'earlier' : 'later'}`;
      return Math.abs(shiftS) <= toleranceS ? [] : [`${path}: ends ${shift} than before`];
    }
    return compareFields(path, before, after, toleranceS);
  }
  // Addresses are compared one by one, with their order.
  if (path.endsWith(': addr_info') || isDeepStrictEqual(before, after)) return [];
  return [`${path}: before ${JSON.stringify(before) ?? 'absent'}, after ${JSON.stringify(after) ?? 'absent'}`];
}

function text(object: JsonObject, field: string, absent = '?'): string {
  const value = object[field];
  return value === undefined ? absent : String(value);
}
