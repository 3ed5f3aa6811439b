import { type HostImage, isObject, type Json, type JsonObject } from './image-shape.ts';

/** What a comparison of two images may overlook. */
export interface ImageTolerance {
  /** Compare promiscuity, which OVS changes on its ports. Default false. */
  readonly promiscuity?: boolean;
  /** Links of `after` that are no difference: `['ovs-netdev']`. Default none. */
  readonly ignoreLinks?: readonly string[];
  /** Allowed difference of the moments at which lifetimes end, in seconds. Default 2: the dumps count whole seconds. */
  readonly lifetimeToleranceS?: number;
}

/**
 * Takes out of an image what differs between two looks at an unchanged host. The one place for that; each line says why.
 */
export function normaliseImage(image: HostImage, tolerance: ImageTolerance): HostImage {
  const ignored = new Set(tolerance.ignoreLinks ?? []);
  const isKept = (link: JsonObject) => !ignored.has(String(link.ifname ?? link.dev ?? ''));
  const objects = (list: readonly JsonObject[]) =>
    list.filter(isKept).map(item => normaliseObject(image, item, tolerance));
  return {
    ...image,
    links: objects(image.links),
    addresses: objects(image.addresses),
    routes4: objects(image.routes4),
    routes6: objects(image.routes6),
    rules4: objects(image.rules4),
    rules6: objects(image.rules6),
    neighbours4: objects(image.neighbours4),
    neighbours6: objects(image.neighbours6),
    qdiscs: objects(image.qdiscs),
  };
}

const VOLATILE_FIELDS = new Set([
  // A name that iproute2 finds for a namespace id, and the id: both given out on first use, no state of the link.
  'link_netns',
  'link_netnsid',
  // Counters.
  'stats',
  'stats64',
]);

const FOREVER = 0xffffffff;

function normaliseObject(image: HostImage, object: JsonObject, tolerance: ImageTolerance): JsonObject {
  const fields: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object)) {
    if (VOLATILE_FIELDS.has(key)) continue;
    if (key === 'promiscuity' && !tolerance.promiscuity) continue;
    fields[key] = normaliseField(image, key, value, tolerance);
  }
  return fields;
}

function normaliseField(image: HostImage, key: string, value: Json, tolerance: ImageTolerance): Json {
  // A remaining lifetime runs by itself; the moment at which it ends does not.
  if ((key === 'valid_life_time' || key === 'preferred_life_time') && typeof value === 'number') {
    return value === FOREVER || value === 0 ? value : { endsAtS: image.takenAtS + value };
  }
  if (key === 'expires' && typeof value === 'number') return { endsAtS: image.takenAtS + value };
  // OVS and packet captures switch PROMISC; it has a counter of its own.
  if (key === 'flags' && Array.isArray(value) && !tolerance.promiscuity)
    return value.filter(flag => flag !== 'PROMISC');
  // The kernel gives no meaning to the order of altnames.
  if (key === 'altnames' && Array.isArray(value)) return [...value].sort();
  if (Array.isArray(value)) return value.map(item => normaliseItem(image, item, tolerance));
  return normaliseItem(image, value, tolerance);
}

function normaliseItem(image: HostImage, value: Json, tolerance: ImageTolerance): Json {
  return isObject(value) ? normaliseObject(image, value, tolerance) : value;
}
