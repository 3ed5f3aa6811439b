import { expect } from 'vitest';
import { type CaptureOptions, captureHost, diffImages, type HostImage } from '../../lab/host-image.ts';
import type { Lab } from '../../lab/lab.ts';
import { dumpRows } from './ovsdb-rows.ts';

/** An image, and how long it took: its lifetimes were read at some moment in between. */
export interface TimedImage extends HostImage {
  readonly tookS: number;
}

/** As `captureHost`. */
export async function captureTimed(lab: Lab, options: CaptureOptions = {}): Promise<TimedImage> {
  const startedMs = performance.now();
  const image = await captureHost(lab, options);
  return { ...image, tookS: (performance.now() - startedMs) / 1000 };
}

/** As `diffImages`; a busy machine that is slow to dump does not look like a lifetime that has moved. */
export function diffTimed(before: TimedImage, after: TimedImage): string[] {
  // Two seconds are the roundings: the kernel tells whole seconds, at both dumps and to the product.
  return diffImages(before, after, { lifetimeToleranceS: 2 + before.tookS + after.tookS });
}

/** The host and every row of its database. */
export interface Everything {
  readonly image: TimedImage;
  readonly rows: readonly string[];
}

/** Captures the host and its database for {@link expectUnchanged}. */
export async function captureEverything(lab: Lab): Promise<Everything> {
  // The image has our rows, too, but with the counters that ovs-vswitchd writes into them every few seconds.
  return { image: { ...(await captureTimed(lab)), ovsRows: [] }, rows: await dumpRows(lab) };
}

/** Fails unless host and database are as they were, `next_cfg` included. */
export async function expectUnchanged(lab: Lab, before: Everything): Promise<void> {
  const now = await captureEverything(lab);
  expect(diffTimed(before.image, now.image)).toEqual([]);
  expect(now.rows).toEqual(before.rows);
}
