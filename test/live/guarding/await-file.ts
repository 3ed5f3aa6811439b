import { watch } from 'node:fs';

/** Resolves when `isThere` says so: asked now, and each time something changes in the folder. Rejects when the limit passes. */
export function awaitFile(directory: string, isThere: () => boolean, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      watcher.close();
      settle();
    };
    const check = (): void => {
      if (isThere()) end(resolve);
    };
    const timer = setTimeout(() => end(() => reject(new Error(`nothing came in ${directory}`))), limitMs);
    const watcher = watch(directory, check);
    check();
  });
}
