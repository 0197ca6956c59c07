import { expect, it } from 'vitest';
import { memoryNotes, requireBindable } from '../../cli/jobs/train-memory.ts';
import { defaultArchitecture } from '../../model/architecture.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const tuning = { weightLanes: 8, productVoxels: 32, tiles: 0, parallelGroups: 512 };
const device = { gpu: { largestTensor: 128 * MIB, tuning }, report: { kind: 'software' } } as const;
const training = { batchSize: 8, activations: 'float32' } as const;
const of = (inputShape: readonly [number, number, number]) => ({ ...defaultArchitecture, inputShape });
const millimetre = of([193, 229, 193]);

it('a batch that the device cannot bind is said to be taken in parts', () => {
  expect(memoryNotes(of([121, 145, 121]), training, 64, device, 64 * GIB)).toEqual([]);
  expect(memoryNotes(millimetre, training, 3, device, 64 * GIB)).toEqual([]); // no batch has more than three images
  expect(memoryNotes(millimetre, training, 64, device, 64 * GIB)).toEqual([
    expect.stringMatching(/^batches of 8 images go to the device in parts of 3 or fewer, .* 128 MiB at once/),
  ]);
});

it('a training beyond the memory of the machine is warned of, with the batch that fits', () => {
  const warningAt = (available: number) => memoryNotes(millimetre, training, 64, device, available).at(-1);
  expect(warningAt(4 * GIB)).toMatch(
    /^warning: training takes about 5\.\d GiB .* memory of 4\.0 GiB; --batch-size 4 would take 2\.\d GiB$/,
  );
  expect(warningAt(GIB / 2)).toMatch(/no smaller batch fits either: use coarser images$/);
  const hardware = { ...device, report: { kind: 'hardware' } } as const; // whose memory is not the machine's
  expect(memoryNotes(millimetre, training, 3, hardware, GIB)).toEqual([]);
});

it('a network whose volumes of one image are too large is refused before it is trained', () => {
  expect(() => requireBindable(millimetre, 8, device)).not.toThrow();
  expect(() => requireBindable(of([386, 458, 386]), 1, device)).toThrow(
    /^network: .*image.* would take 260\.\d MiB at once, and the device binds 128\.0 MiB\. Use coarser images/,
  );
});
