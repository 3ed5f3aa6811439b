// Writes dist/viewer.html, which the package serves: part of `npm run build`.
import { writeFile } from 'node:fs/promises';
import { buildViewer } from './build-viewer.ts';

await writeFile(new URL('../dist/viewer.html', import.meta.url), await buildViewer());
