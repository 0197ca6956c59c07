/**
 * Results under way, so that the host records work ahead of the GPU, but not without bound: at most `limit` of them,
 * the oldest awaited first. Each is handed to `onArrival` as soon as it and all before it have arrived.
 */
export class InFlight<T> {
  private readonly limit: number;
  private readonly onArrival: (value: T) => void;
  private readonly waiting: Promise<void>[] = [];
  private last: Promise<void> = Promise.resolve();
  private failure: { readonly error: unknown } | null = null;

  constructor(limit: number, onArrival: (value: T) => void) {
    this.limit = limit;
    this.onArrival = onArrival;
  }

  /**
   * Adds a result that is under way, and waits until there is room for another.
   *
   * @throws the first error, in order of adding, of the results so far or of `onArrival`; after it none arrives
   */
  async add(work: Promise<T>): Promise<void> {
    const before = this.last;
    work.catch(() => {}); // a result that fails out of turn is not unhandled: it is thrown in its turn
    const arrival = before.then(async () => this.onArrival(await work));
    arrival.catch((error) => {
      this.failure ??= { error };
    });
    this.last = arrival;
    this.waiting.push(arrival);
    while (this.waiting.length >= this.limit) await this.waiting.shift();
    if (this.failure) throw this.failure.error;
  }

  /** Waits for all that is under way. @throws as `add` does */
  async drain(): Promise<void> {
    this.waiting.length = 0;
    await this.last;
  }
}

/** Voxels of eight images of 121 x 145 x 121. */
const FULL_STEP = 8 * 121 * 145 * 121;

/**
 * How many steps may be under way: eight images' worth, since each step holds its images until they are uploaded, but
 * never fewer than two steps, the one that the GPU works on and the one that the host prepares. Of larger images there are
 * fewer, down to one step, since whoever stops the work waits for all of them.
 *
 * @param voxels of an image
 * @param software whether the adapter is a software one, whose steps take seconds: there are fewer from a quarter of the size
 */
export function stepsInFlight(imagesPerStep: number, voxels: number, software = false): number {
  const share = FULL_STEP / (imagesPerStep * voxels) / (software ? 4 : 1);
  if (share < 1) return 1;
  return Math.max(2, Math.floor(Math.min(8 / imagesPerStep, share)));
}
