import { Gpu } from '../../engine/gpu.ts';
import { openGpu } from '../../engine/node/open.ts';

let opened: Promise<Gpu> | null = null;

/** The GPU that this test process uses, opened once. */
export function testGpu(): Promise<Gpu> {
  opened ??= openGpu().then(({ gpu }) => gpu);
  return opened;
}

/** The same device, as if it bound no more than so many bytes at once. */
export async function boundTo(bytes: number): Promise<Gpu> {
  return new Gpu((await testGpu()).device, bytes);
}
