import type { Session } from '../cohort/session.ts';
import { InFlight, stepsInFlight } from '../engine/in-flight.ts';
import { Tape } from '../engine/tape.ts';
import type { ImageStore } from './images.ts';
import type { Network } from './network.ts';
import { imagesAtOnce, voxelsOf } from './partition.ts';

/** Cuts a list into runs of at most `size`. */
export function batches<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

/**
 * The network's logits for each session's image, in evaluation mode. An image's logits have the same bits whichever others
 * are in its batch.
 *
 * @param batchSize images at once; fewer where the device cannot bind so many
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
  const { inputShape } = network.architecture;
  const together = Math.min(batchSize, imagesAtOnce(inputShape, network.gpu.largestTensor));
  const inFlight = new InFlight<Float32Array>(
    stepsInFlight(together, voxelsOf(inputShape), network.gpu.software),
    (values) => {
      for (let i = 0; i < values.length; i += classes) rows.push(values.slice(i, i + classes));
      onProgress(rows.length);
    },
  );
  images.announce(sessions);
  for (const batch of batches(sessions, together)) {
    const x = await images.batch(network.gpu, batch);
    const logits = network.forward(new Tape(network.gpu), x, 'evaluation');
    const values = network.gpu.read(logits);
    x.release();
    logits.release();
    await inFlight.add(values);
    await network.gpu.submit(); // the GPU has this batch before the host decodes the next one
  }
  await inFlight.drain();
  return rows;
}
