import { InputError } from '../../cohort/error.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import type { Architecture } from '../../model/architecture.ts';
import { whyTooLarge } from '../../model/fits.ts';
import { machineMemory } from '../../model/machine-memory.ts';
import { trainingBytes } from '../../model/memory.ts';
import { imagesAtOnce } from '../../model/partition.ts';
import type { TrainOptions } from '../../model/train.ts';
import { formatBytes } from '../bytes.ts';

/** What of a device decides about memory. */
type Device = { readonly gpu: Pick<OpenGpu['gpu'], 'largestTensor' | 'tuning'> } & {
  readonly report: Pick<OpenGpu['report'], 'kind'>;
};

/** Refuses a network that the device cannot train with any batch. @throws InputError saying which tensor is too large */
export function requireBindable(architecture: Architecture, batchSize: number, { gpu }: Device): void {
  const why = whyTooLarge(architecture, batchSize, gpu.largestTensor);
  if (why === null) return;
  throw new InputError(
    'network',
    why,
    'Use coarser images ("voxmask resample"), fewer channels in the first blocks, or a GPU with a larger limit ("voxmask doctor")',
  );
}

/** The images of an epoch's steps: the last one may have fewer. */
export function batchSizes(sessions: number, batchSize: number): number[] {
  const rest = sessions % batchSize;
  return [...(sessions >= batchSize ? [batchSize] : []), ...(rest > 0 ? [rest] : [])];
}

/**
 * What the user should know of a training's memory before it starts: that batches go to the device in parts, and, on a
 * software adapter, that a step takes more than the machine has and which batch size would fit.
 *
 * @param sessions that an epoch trains on
 * @param available bytes of memory that the process may use
 */
export function memoryNotes(
  architecture: Architecture,
  { batchSize, activations }: Pick<TrainOptions, 'batchSize' | 'activations'>,
  sessions: number,
  { gpu, report }: Device,
  available = machineMemory(),
): string[] {
  const notes: string[] = [];
  const { largestTensor, tuning } = gpu;
  const largest = Math.min(batchSize, sessions);
  const together = imagesAtOnce(architecture.inputShape, largestTensor);
  if (largest > together)
    notes.push(
      `batches of ${largest} images go to the device in parts of ${together} or fewer, as it binds ${formatBytes(largestTensor)} at once; batch normalisation is over the whole batch`,
    );
  const bytes = (size: number) =>
    trainingBytes(architecture, batchSizes(sessions, size), largestTensor, tuning, activations);
  if (report.kind === 'hardware' || bytes(largest) <= available) return notes;
  const fits = Array.from({ length: largest - 1 }, (_, i) => largest - 1 - i).find(
    (n) => bytes(n) <= available,
  );
  const advice = fits
    ? `--batch-size ${fits} would take ${formatBytes(bytes(fits))}`
    : 'no smaller batch fits either: use coarser images';
  notes.push(
    `warning: training takes about ${formatBytes(bytes(largest))} on this adapter, which computes in the machine's memory of ${formatBytes(available)}; ${advice}`,
  );
  return notes;
}
