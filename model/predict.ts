import type { Session } from '../cohort/session.ts';
import { Tape } from '../engine/tape.ts';
import type { ImageStore } from './images.ts';
import type { Network } from './network.ts';

/** Cuts a list into runs of at most `size`. */
export function batches<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

/**
 * The network's logits for each session's image, in evaluation mode.
 *
 * @returns a row of `classes` values per session
 */
export async function predictLogits(
  network: Network,
  images: ImageStore,
  sessions: readonly Session[],
  batchSize: number,
  onProgress: (done: number) => void = () => {},
): Promise<Float32Array[]> {
  const classes = network.architecture.classes.length;
  const rows: Float32Array[] = [];
  network.setTrainable(false);
  for (const batch of batches(sessions, batchSize)) {
    const x = images.batch(network.gpu, batch);
    const logits = network.forward(new Tape(network.gpu), x, 'evaluation');
    const values = await network.gpu.read(logits);
    x.release();
    logits.release();
    for (let i = 0; i < batch.length; i++) rows.push(values.slice(i * classes, (i + 1) * classes));
    onProgress(rows.length);
  }
  return rows;
}
