import { existsSync } from 'node:fs';
import { dirname, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { anchorsOf, readPages } from './markdown.ts';

const PAGES = await readPages();

it.each(PAGES)('$path has no link that leads nowhere', ({ path, text }) => {
  const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter(target => !/^[a-z]+:/.test(target))
    .filter(target => {
      const [file = '', anchor] = target.split('#');
      const other = file === '' ? path : normalize(`${dirname(path)}/${file}`);
      const page = PAGES.find(one => one.path === other);
      return page === undefined || anchor === undefined ? !existsSync(other) : !anchorsOf(page).includes(anchor);
    });
  expect(broken).toEqual([]);
});
