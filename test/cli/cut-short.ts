import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';

/**
 * What a kill at this moment would leave: a copy of a results folder that is being written, without the lock, which after a kill
 * would name a process that has ended.
 */
export function asKilled(folder: string, copy: string): void {
  rmSync(copy, { recursive: true, force: true });
  cpSync(folder, copy, { recursive: true, filter: (file) => path.basename(file) !== 'lock' });
}
