import { loadVolume } from '../cohort/cohort.ts';
import { readVolume } from '../cohort/nifti.ts';
import type { Session } from '../cohort/session.ts';
import type { Grid } from '../cohort/volume.ts';
import type { Gpu } from '../engine/gpu.ts';
import type { Tensor } from '../engine/tensor.ts';

const BUDGET = 4 * 2 ** 30; // bytes of decoded images kept in memory

/** Images of one grid, decoded when first needed and kept as long as the memory budget allows. */
export class ImageStore {
  readonly grid: Grid;
  private readonly kept = new Map<string, Float32Array>();
  private keptBytes = 0;
  /** images that held values which are no number, with how many */
  readonly notNumbers = new Map<string, number>();

  constructor(grid: Grid) {
    this.grid = grid;
  }

  /** A store on the grid of the first session's image. */
  static like(session: Session): ImageStore {
    return new ImageStore(readVolume(session.path).grid);
  }

  /** A session's image, x slowest and z fastest. @throws InputError if it is unreadable or on another grid */
  image(session: Session): Float32Array {
    const known = this.kept.get(session.path);
    if (known) return known;
    const { data, nanCount } = loadVolume(session, this.grid);
    if (nanCount > 0) this.notNumbers.set(session.path, nanCount);
    if (this.keptBytes + data.byteLength <= BUDGET) {
      this.kept.set(session.path, data);
      this.keptBytes += data.byteLength;
    }
    return data;
  }

  /** The sessions' images as one batch on the GPU, [n, 1, x, y, z]. */
  batch(gpu: Gpu, sessions: readonly Session[]): Tensor {
    const voxels = this.grid.shape.reduce((product, size) => product * size, 1);
    const data = new Float32Array(sessions.length * voxels);
    for (const [i, session] of sessions.entries()) data.set(this.image(session), i * voxels);
    return gpu.tensor([sessions.length, 1, ...this.grid.shape], data, 'images');
  }

  /** The sessions' voxel-wise mean. */
  mean(sessions: readonly Session[]): Float32Array {
    const sums = new Float64Array(this.grid.shape.reduce((product, size) => product * size, 1));
    for (const session of sessions) {
      const image = this.image(session);
      for (let i = 0; i < sums.length; i++) sums[i] += image[i];
    }
    return Float32Array.from(sums, (sum) => sum / sessions.length);
  }
}
