import { refuseOtherGrid } from '../cohort/cohort.ts';
import { decodeAside } from '../cohort/decoding/pool.ts';
import { InputError } from '../cohort/error.ts';
import { type Header, readHeaders, unusable, usualGrid } from '../cohort/headers.ts';
import { type Intensity, plainIntensity } from '../cohort/intensity.ts';
import { readGrid } from '../cohort/nifti.ts';
import { noteValues } from '../cohort/reading-notes.ts';
import type { Session } from '../cohort/session.ts';
import type { Grid } from '../cohort/volume.ts';
import type { Gpu } from '../engine/gpu.ts';
import { evenly } from '../engine/ops/pieces.ts';
import type { Tensor } from '../engine/tensor.ts';
import { ImageMemory, imageMemory } from './image-memory.ts';
import { imagesAtOnce, voxelsOf } from './partition.ts';

const MOST_AHEAD = 16; // images decoded before they are asked for

/** How images are prepared and kept. */
export interface ImageOptions {
  readonly intensity?: Intensity;
  /** bytes of decoded images to hold in memory; the process's share (image-memory.ts) when not given */
  readonly budget?: number;
  /** whether images are kept for when they are asked for again; true when not given */
  readonly keep?: boolean;
}

/**
 * Images of one grid. They are decoded by threads before they are asked for, if it was announced which come next, and kept
 * in memory as long as the budget allows; those beyond it are decoded anew each time. The budget covers those decoded ahead,
 * too, but for one: without any, nothing could be done.
 */
export class ImageStore {
  readonly grid: Grid;
  readonly intensity: Intensity;
  /** images with NaN voxels, which were read as 0, and how many */
  readonly notNumbers = new Map<string, number>();
  private readonly memory: ImageMemory;
  private readonly keep: boolean;
  private readonly kept = new Map<string, Float32Array>();
  /** bytes of the images that are kept */
  keptBytes = 0;
  /** all that will be asked for, where that was said */
  private expected: readonly Session[] = [];
  /** announced and not asked for yet, in order */
  private coming: Session[] = [];
  /** being decoded, or decoded and not asked for yet */
  private readonly ahead = new Map<string, Promise<Float32Array>>();

  constructor(grid: Grid, { intensity = plainIntensity, budget, keep = true }: ImageOptions = {}) {
    this.grid = grid;
    this.intensity = intensity;
    this.keep = keep;
    this.memory = budget === undefined ? imageMemory : new ImageMemory(budget);
    this.memory.join(this);
  }

  /** A store on the grid of the first session's image. */
  static like(session: Session, options?: ImageOptions): ImageStore {
    return new ImageStore(readGrid(session.path), options);
  }

  /** A store of these sessions' images, on the grid of most of them. @throws InputError as `expect` */
  static of(sessions: readonly Session[], options?: ImageOptions): ImageStore {
    const headers = readHeaders(sessions);
    const grid = usualGrid(headers);
    if (grid === undefined) throw unusable(faultsIn(headers), headers.length);
    const images = new ImageStore(grid, options);
    images.refuseFaults(headers);
    return images;
  }

  private get imageBytes(): number {
    return 4 * this.voxels;
  }

  /** Voxels of an image. */
  get voxels(): number {
    return voxelsOf(this.grid.shape);
  }

  /**
   * Says which images will be asked for in all. Their headers are checked at once; should the voxels of one turn out to be
   * damaged later on, all of them are looked through, so that one message names every image that cannot be used.
   *
   * @throws InputError naming all images that cannot be read or do not belong here, as far as their headers tell
   */
  expect(sessions: readonly Session[]): void {
    this.refuseFaults(readHeaders(sessions));
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
    const data =
      known ?? (await (this.ahead.get(session.path) ?? this.decode(session)).catch(this.lookThrough));
    this.ahead.delete(session.path);
    if (this.coming[0]?.path === session.path) this.coming.shift();
    this.decodeAhead();
    return data;
  }

  /** The sessions' images as one batch on the GPU, [n, 1, x, y, z]. @throws InputError as `load` */
  async batch(gpu: Gpu, sessions: readonly Session[]): Promise<Tensor> {
    const [images] = await this.parts(gpu, sessions, sessions.length);
    return images;
  }

  /**
   * As `batch`, in parts of at most `most` images, as even as can be: as many as the device binds at once when not given.
   * Decoded images go to the GPU as they are, without a copy of the whole batch beside them.
   */
  async parts(
    gpu: Gpu,
    sessions: readonly Session[],
    most = imagesAtOnce(this.grid.shape, gpu.largestTensor),
  ): Promise<readonly Tensor[]> {
    const data: Float32Array[] = [];
    for (const session of sessions) data.push(await this.load(session));
    let first = 0;
    return evenly(data.length, most).map((count) => {
      const part = gpu.empty([count, 1, ...this.grid.shape], 'images');
      for (let i = 0; i < count; i++) gpu.writeAt(part, i * this.voxels, data[first + i]);
      first += count;
      return part;
    });
  }

  /**
   * The sessions' voxel-wise mean.
   *
   * @param signal ends it between two images: its reason is thrown
   * @throws InputError as `load`
   */
  async mean(sessions: readonly Session[], signal?: AbortSignal): Promise<Float32Array> {
    const sums = new Float64Array(this.voxels);
    this.announce(sessions);
    for (const session of sessions) {
      signal?.throwIfAborted();
      const image = await this.load(session);
      for (let i = 0; i < sums.length; i++) sums[i] += image[i];
    }
    return Float32Array.from(sums, (sum) => sum / sessions.length);
  }

  /** Whether a session's image may be used; one that may not throws. */
  protected check(session: Session, grid: Grid): void {
    refuseOtherGrid(session, grid, this.grid);
  }

  private refuseFaults(headers: readonly Header[]): void {
    this.expected = headers.map(({ session }) => session);
    const faults = faultsIn(headers, (session, grid) => this.check(session, grid));
    if (faults.length > 0) throw unusable(faults, headers.length);
  }

  /** Turns one image's fault into that of all expected ones. */
  private readonly lookThrough = async (error: unknown): Promise<never> => {
    if (!(error instanceof InputError)) throw error;
    const faults: InputError[] = [];
    for (let first = 0; first < this.expected.length; first += MOST_AHEAD) {
      const some = this.expected.slice(first, first + MOST_AHEAD);
      for (const outcome of await Promise.allSettled(some.map((session) => this.decode(session)))) {
        if (outcome.status === 'rejected' && outcome.reason instanceof InputError)
          faults.push(outcome.reason);
      }
    }
    throw unusable(faults.length > 0 ? faults : [error], this.expected.length);
  };

  private decodeAhead(): void {
    let looked = 0;
    let ahead = 0;
    for (const session of this.coming) {
      if (++looked > MOST_AHEAD || ahead === this.mostAhead) return;
      if (this.kept.has(session.path)) continue;
      ahead += 1;
      if (this.ahead.has(session.path)) continue;
      const decoding = this.decode(session);
      // Whoever asks for the image meets the error; until then it must not count as unhandled.
      decoding.catch(() => {});
      this.ahead.set(session.path, decoding);
    }
  }

  private async decode(session: Session): Promise<Float32Array> {
    const decoded = await decodeAside({ path: session.path, intensity: this.intensity });
    this.check(session, decoded.grid);
    const { data, nanCount } = decoded;
    noteValues(session.path, decoded); // for standard error; the map is for the command's results
    if (nanCount > 0) this.notNumbers.set(session.path, nanCount);
    if (this.keep && !this.kept.has(session.path) && this.hasRoom()) {
      this.kept.set(session.path, data);
      this.keptBytes += data.byteLength;
    }
    return data;
  }

  /** Whether one more image can be kept: without the room of those decoded ahead, unless all that are expected fit. */
  private hasRoom(): boolean {
    const { imageBytes, memory } = this;
    const others = memory.limit - memory.free() - this.keptBytes;
    const all = others + this.expected.length * imageBytes;
    const allFit = this.expected.length > 0 && all <= memory.limit;
    return memory.free() >= (allFit ? 1 : 1 + this.mostAhead) * imageBytes;
  }

  /** Images that may be decoded ahead of use: a quarter of the budget's worth, but always one. */
  private get mostAhead(): number {
    return Math.min(MOST_AHEAD, Math.max(1, Math.floor(this.memory.limit / 4 / this.imageBytes)));
  }
}

/** The faults that headers tell of, each file's once. @param check throws for a grid that does not belong here */
function faultsIn(
  headers: readonly Header[],
  check: (session: Session, grid: Grid) => void = () => {},
): InputError[] {
  const faults = new Map<string, InputError>();
  for (const { session, grid } of headers) {
    try {
      if (grid instanceof InputError) throw grid;
      check(session, grid);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      faults.set(session.path, error);
    }
  }
  return [...faults.values()];
}
