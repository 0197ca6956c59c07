import { existsSync } from 'node:fs';
import path from 'node:path';

/** The folder of the reference images (CONTRIBUTING.md names them), and whether it is there. */
export const referenceFolder = process.env.VOXMASK_REFERENCE ?? '';
export const noReference = referenceFolder === '' || !existsSync(referenceFolder);

/** A reference image's path. */
export function referenceFile(name: string): string {
  return path.join(referenceFolder, name);
}
