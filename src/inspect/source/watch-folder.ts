import { existsSync, readdirSync, statSync, watch } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** What hears of a folder. */
export interface FolderListener {
  /** For each file that is there, the one that was changed last at the end, and each that came, changed or went. */
  readonly onFile: (name: string) => void;
  /** The folder cannot be watched; nothing more is heard of it. */
  readonly onTrouble: (path: string, error: Error) => void;
}

/** Watches a folder, and waits for one that is not there yet. Returns what ends it. */
export function watchFolder(given: string, { onFile, onTrouble }: FolderListener): () => void {
  const folder = resolve(given);
  let watcher: ReturnType<typeof watch> | undefined;
  let isStopped = false;

  const begin = (path: string, onChange: (name: string | null) => void): 'watched' | 'absent' | 'refused' => {
    try {
      watcher?.close();
      watcher = watch(path, (_, name) => {
        if (!isStopped) onChange(name);
      });
      watcher.on('error', error => onTrouble(path, error));
      return 'watched';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
      onTrouble(path, error as Error);
      return 'refused';
    }
  };
  /** False where there is no such folder yet. */
  const beginWithFiles = (): boolean => {
    const onChange = (name: string | null): void => {
      if (name !== null) onFile(name);
      // A folder that was removed says so by its own name.
      if (name === basename(folder)) wait();
    };
    const begun = begin(folder, onChange);
    if (begun !== 'watched') return begun === 'refused';
    try {
      for (const name of byAge(folder)) onFile(name);
    } catch (error) {
      onTrouble(folder, error as Error);
    }
    return true;
  };
  /** Waits for the next folder on the way that is missing. */
  const wait = (): void => {
    while (!beginWithFiles()) {
      let missing = folder;
      while (!existsSync(dirname(missing)) && dirname(missing) !== missing) missing = dirname(missing);
      // It may come between the look and the watch.
      const begun = begin(dirname(missing), () => existsSync(missing) && wait());
      if (begun === 'refused' || (begun === 'watched' && !existsSync(missing))) return;
    }
  };
  wait();
  return () => {
    isStopped = true;
    watcher?.close();
  };
}

function byAge(folder: string): readonly string[] {
  const changedMs = (name: string): number => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const files = readdirSync(folder).map(name => ({ name, ms: changedMs(name) }));
  return files.sort((a, b) => a.ms - b.ms || a.name.localeCompare(b.name)).map(({ name }) => name);
}
