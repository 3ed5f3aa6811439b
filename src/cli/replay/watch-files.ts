import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { uplinkError } from '../../errors.ts';
import { isScenarioFile } from './find-scenario-files.ts';

/** Tells of changes to files and folders; made with {@link watchFiles}. */
export interface FileWatch {
  /** Resolves at the next change since the last call that resolved, or when the signal is aborted. */
  changed(signal: AbortSignal): Promise<void>;
  stop(): void;
}

/**
 * Watches scenarios. Of a file its folder is watched: editors write a new file and rename it over the old one. Changes to other files (golden
 * time lines, reports) are none. Rejects with `USAGE` when there is no such folder.
 */
export async function watchFiles(paths: readonly string[]): Promise<FileWatch> {
  let isChanged = false;
  let wake: () => void = () => {};
  const onChange = (): void => {
    isChanged = true;
    wake();
  };
  const watchers: FSWatcher[] = [];
  for (const path of paths) {
    const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
    const folder = isFolder ? path : dirname(path);
    const isOurs = (name: string): boolean => (isFolder ? isScenarioFile(name) : name === basename(path));
    try {
      const watcher = watch(folder, { recursive: isFolder }, (_event, name) => {
        if (name === null || isOurs(name)) onChange();
      });
      // A folder that vanishes is told of by the next round.
      watcher.on('error', onChange);
      watchers.push(watcher);
    } catch (error) {
      for (const watcher of watchers) watcher.close();
      throw uplinkError('USAGE', { what: 'cannot watch', object: folder, got: (error as Error).message });
    }
  }
  return {
    async changed(signal) {
      if (!isChanged && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
        await promise;
      }
      isChanged = false;
    },
    stop() {
      for (const watcher of watchers) watcher.close();
    },
  };
}
