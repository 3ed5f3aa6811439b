import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const VIEWER = new URL('../src/inspect/viewer/', import.meta.url);

/** Makes the viewer: one page with all that it needs in it, so that it works where there is no network. */
export async function buildViewer(): Promise<string> {
  const input = fileURLToPath(new URL('view/main.tsx', VIEWER));
  await using bundle = await rolldown({
    input,
    platform: 'browser',
    tsconfig: fileURLToPath(new URL('tsconfig.json', VIEWER)),
    // XState warns of much while it is developed.
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    logLevel: 'silent',
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true, codeSplitting: false });
  const [{ code }] = output;
  const page = await readFile(new URL('page.html', VIEWER), 'utf8');
  const style = await readFile(new URL('view/style.css', VIEWER), 'utf8');
  // As functions: what they put in may have `$&` in it. A closing tag in a text of the program would end it.
  return page
    .replace('/* STYLE */', () => style)
    .replace('/* SCRIPT */', () => code.replaceAll('</script', '<\\/script'));
}
