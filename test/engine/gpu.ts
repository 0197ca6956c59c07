import type { Gpu } from '../../engine/gpu.ts';
import { openGpu } from '../../engine/node/open.ts';

let opened: Promise<Gpu> | null = null;

/** The GPU that this test process uses, opened once. */
export function testGpu(): Promise<Gpu> {
  opened ??= openGpu().then(({ gpu }) => gpu);
  return opened;
}
