import { totalmem } from 'node:os';
import { refuseOtherGrid } from '../cohort/cohort.ts';
import type { Decoded } from '../cohort/decoding/job.ts';
import { decodeAside } from '../cohort/decoding/pool.ts';
import { type Intensity, plainIntensity } from '../cohort/intensity.ts';
import { readGrid } from '../cohort/nifti.ts';
import type { Session } from '../cohort/session.ts';
import type { Grid } from '../cohort/volume.ts';
import type { Gpu } from '../engine/gpu.ts';
import type { Tensor } from '../engine/tensor.ts';

const GIB = 2 ** 30;
const MOST_AHEAD = 16; // images decoded before they are asked for

/** How images are prepared and kept. */
export interface ImageOptions {
  readonly intensity?: Intensity;
  /** bytes of decoded images kept in memory; a quarter of the machine's, 4 GiB at most, when not given */
  readonly budget?: number;
}

/**
 * Images of one grid. They are decoded by threads before they are asked for, if it was announced which come next, and kept
 * in memory as long as the budget allows; those beyond it are decoded anew each time.
 */
export class ImageStore {
  readonly grid: Grid;
  readonly intensity: Intensity;
  /** images that held values which are no number, with how many */
  readonly notNumbers = new Map<string, number>();
  private readonly budget: number;
  private readonly kept = new Map<string, Float32Array>();
  private keptBytes = 0;
  /** announced and not asked for yet, in order */
  private coming: Session[] = [];
  /** being decoded, or decoded and not asked for yet */
  private readonly ahead = new Map<string, Promise<Float32Array>>();

  constructor(grid: Grid, { intensity = plainIntensity, budget }: ImageOptions = {}) {
    this.grid = grid;
    this.intensity = intensity;
    this.budget = budget ?? Math.min(4 * GIB, totalmem() / 4);
  }

  /** A store on the grid of the first session's image. */
  static like(session: Session, options?: ImageOptions): ImageStore {
    return new ImageStore(readGrid(session.path), options);
  }

  /** Says which images will be asked for next, in which order, so that they are decoded before. Replaces what was said. */
  announce(sessions: readonly Session[]): void {
    this.coming = [...sessions];
    const wanted = new Set(sessions.map(({ path }) => path));
    for (const path of this.ahead.keys()) if (!wanted.has(path)) this.ahead.delete(path);
    this.decodeAhead();
  }

  /** A session's image, x slowest and z fastest. @throws InputError if it is unreadable or on another grid */
  async load(session: Session): Promise<Float32Array> {
    const known = this.kept.get(session.path);
    const data = known ?? (await (this.ahead.get(session.path) ?? this.decode(session)));
    this.ahead.delete(session.path);
    if (this.coming[0]?.path === session.path) this.coming.shift();
    this.decodeAhead();
    return data;
  }

  /** The sessions' images as one batch on the GPU, [n, 1, x, y, z]. @throws InputError as `load` */
  async batch(gpu: Gpu, sessions: readonly Session[]): Promise<Tensor> {
    const voxels = this.grid.shape.reduce((product, size) => product * size, 1);
    const data = new Float32Array(sessions.length * voxels);
    for (const [i, session] of sessions.entries()) data.set(await this.load(session), i * voxels);
    return gpu.tensor([sessions.length, 1, ...this.grid.shape], data, 'images');
  }

  /** The sessions' voxel-wise mean. @throws InputError as `load` */
  async mean(sessions: readonly Session[]): Promise<Float32Array> {
    const sums = new Float64Array(this.grid.shape.reduce((product, size) => product * size, 1));
    this.announce(sessions);
    for (const session of sessions) {
      const image = await this.load(session);
      for (let i = 0; i < sums.length; i++) sums[i] += image[i];
    }
    return Float32Array.from(sums, (sum) => sum / sessions.length);
  }

  /** Whether a session's image may be used; one that may not throws. */
  protected check(session: Session, decoded: Decoded): void {
    refuseOtherGrid(session, decoded.grid, this.grid);
  }

  private decodeAhead(): void {
    let started = 0;
    for (const session of this.coming) {
      if (++started > MOST_AHEAD) return;
      if (this.kept.has(session.path) || this.ahead.has(session.path)) continue;
      const decoding = this.decode(session);
      // Whoever asks for the image meets the error; until then it must not count as unhandled.
      decoding.catch(() => {});
      this.ahead.set(session.path, decoding);
    }
  }

  private async decode(session: Session): Promise<Float32Array> {
    const decoded = await decodeAside({ path: session.path, intensity: this.intensity });
    this.check(session, decoded);
    const { data, nanCount } = decoded;
    if (nanCount > 0) this.notNumbers.set(session.path, nanCount);
    if (!this.kept.has(session.path) && this.keptBytes + data.byteLength <= this.budget) {
      this.kept.set(session.path, data);
      this.keptBytes += data.byteLength;
    }
    return data;
  }
}
