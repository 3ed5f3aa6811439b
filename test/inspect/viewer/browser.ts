import { existsSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { describe } from 'vitest';

/** Debian's, unless CHROMIUM names another. */
export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** As `describe`, but skipped loudly where there is no browser. */
export const describeInBrowser: typeof describe.skip = existsSync(CHROMIUM) ? describe : describe.skip;
if (!existsSync(CHROMIUM)) console.warn(`skipped: there is no ${CHROMIUM}, and CHROMIUM names no other`);

/** `program`: what starts it, in another network namespace for instance. */
export function launchBrowser(program = CHROMIUM): Promise<Browser> {
  // Its sandbox does not work for root, and shows nothing but pages of ours here.
  return chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
}

/** The viewer in a page, and what a person does there. */
export interface ViewerPage extends AsyncDisposable {
  readonly page: Page;
  /** What the page complained of, and what it asked of anybody else than its server. */
  readonly complaints: readonly string[];
  /** Names of the lit states, the innermost ones. */
  activeStates(): Promise<readonly string[]>;
  /** Presses a key, and waits until the page has been drawn again. */
  press(key: string): Promise<void>;
  /** `12/57`. */
  position(): Promise<{ readonly step: number; readonly of: number }>;
  /** Waits until so many steps are told of. */
  steps(atLeast: number): Promise<void>;
  /** All texts of changes below a heading of the details: `Host`, `Context`. */
  changes(heading: string): Promise<string>;
}

/** Of a page's own world what is used here: the types of this one know no page. */
interface PageGlobals {
  readonly document: { querySelector(selector: string): { readonly textContent: string } | null };
  requestAnimationFrame(callback: () => void): void;
}

/** Opens the viewer. */
export async function openViewerPage(
  browser: Browser,
  url: string,
  size: { readonly width: number; readonly height: number } = { width: 1280, height: 800 },
): Promise<ViewerPage> {
  const page = await browser.newPage({ viewport: size });
  const complaints: string[] = [];
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', error => complaints.push(String(error)));
  const { host } = new URL(url);
  page.on('request', request => new URL(request.url()).host !== host && complaints.push(`asks ${request.url()}`));
  await page.goto(url);
  const text = (selector: string): Promise<string> => page.locator(selector).first().innerText();
  const position = async (): Promise<{ step: number; of: number }> => {
    const [step, of] = /(\d+)\/(\d+)/
      .exec(await text('footer output'))!
      .slice(1)
      .map(Number) as [number, number];
    return { step, of };
  };
  return {
    page,
    complaints,
    activeStates: () =>
      page.locator('[data-active]').evaluateAll(lit => {
        const paths = lit.map(element => element.getAttribute('data-path')!);
        return paths.filter(path => !paths.some(other => other.startsWith(`${path}.`)));
      }),
    async press(key) {
      await page.keyboard.press(key);
      await drawn(page);
    },
    position,
    async steps(atLeast) {
      await page.waitForFunction(count => {
        const { document } = globalThis as unknown as PageGlobals;
        const text = document.querySelector('footer output')?.textContent ?? '';
        return Number(/\/(\d+)/.exec(text)?.[1]) >= count;
      }, atLeast);
      await drawn(page);
    },
    async changes(heading) {
      const table = page.locator(`h3:text-is("${heading}") + *`);
      return await table.innerText();
    },
    [Symbol.asyncDispose]: () => page.close(),
  };
}

/** Resolves when what was asked for has been drawn. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { requestAnimationFrame: next } = globalThis as unknown as PageGlobals;
    return new Promise<void>(done => next(() => next(done)));
  });
}
