import { expect, it } from 'vitest';
import { CNI_CODES } from '../../src/cni/cni-error.ts';
import { selectorOf } from '../../src/cni/config/device-selector.ts';
import { addSchema, checkConfig, versionFor } from '../../src/cni/config/network-config.ts';
import { blocksOf, readPages } from './markdown.ts';

const PAGES = await readPages();
const CNI = PAGES.find(({ path }) => path === 'docs/cni.md')!;

/** Configurations of our plugin, as a runtime would pass them. */
const CONFIGURATIONS = PAGES.flatMap(page => blocksOf(page, 'json')).flatMap(text => {
  const { plugins, ...common } = JSON.parse(text) as { plugins?: readonly { type: string }[]; type?: string };
  const all = (plugins ?? [{}]).map((plugin): { type?: string } => ({ ...common, ...plugin }));
  return all.filter(({ type }) => type === 'ovs-uplink-host-device');
});

it('the examples of configurations are ones that the plugin takes', () => {
  expect(CONFIGURATIONS).toHaveLength(2);
  for (const conf of CONFIGURATIONS) {
    versionFor('ADD', conf);
    expect(selectorOf(checkConfig(addSchema, conf))).toBeDefined();
  }
});

it('docs/cni.md has each error code once', () => {
  const listed = [...CNI.text.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, codes = '']) =>
    codes.split(', ').map(Number),
  );
  expect(listed).toEqual(Object.values(CNI_CODES));
});
