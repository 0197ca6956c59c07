import { OutputFolder, type OutputOptions } from '../../cohort/output/folder.ts';

let forceUnlock = false;

/** Takes locks whoever holds them, from now on in this process: `--force-unlock`. */
export function forceUnlocking(force: boolean): void {
  forceUnlock = force;
}

/** Whether `--force-unlock` was given. */
export function unlockingIsForced(): boolean {
  return forceUnlock;
}

/** Opens a folder of results for a command, as `OutputFolder.open` does; what happens to its lock is said on standard error. */
export function openOutput(
  folder: string,
  options: Pick<OutputOptions, 'by' | 'overwrite' | 'shared'>,
): OutputFolder {
  return OutputFolder.open(folder, {
    ...options,
    forceUnlock,
    onNotice: (text) => process.stderr.write(`voxmask: ${text}\n`),
  });
}
