import { type Gpu, grid1d } from './gpu.ts';
import type { Gradients } from './tape.ts';
import type { Tensor } from './tensor.ts';

/** Options of Adam; the defaults are the network's (docs/method.md, training). */
export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
}

export const adamDefaults: AdamOptions = {
  learningRate: 1e-4,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0,
};

/** What Adam has gathered: with it, it goes on as if it had never stopped. */
export interface AdamState {
  readonly steps: number;
  /** by parameter, in their order */
  readonly first: readonly Float32Array[];
  readonly second: readonly Float32Array[];
}

/** Adam (Kingma and Ba 2015) with weight decay added to the gradient, as torch.optim.Adam computes it. */
export class Adam {
  private readonly gpu: Gpu;
  private readonly parameters: readonly Tensor[];
  private readonly first: Tensor[];
  private readonly second: Tensor[];
  private readonly options: AdamOptions;
  private steps: number;

  /** @param state to go on from; from nothing when not given */
  constructor(gpu: Gpu, parameters: readonly Tensor[], options: Partial<AdamOptions>, state?: AdamState) {
    this.gpu = gpu;
    this.parameters = parameters;
    this.options = { ...adamDefaults, ...options };
    this.steps = state?.steps ?? 0;
    const moments = (name: string, known: readonly Float32Array[] | undefined) =>
      parameters.map(({ shape, label }, i) => {
        const moment = `${label} ${name} moment`;
        return known ? gpu.tensor(shape, known[i], moment) : gpu.full(shape, 0, moment);
      });
    this.first = moments('first', state?.first);
    this.second = moments('second', state?.second);
  }

  /** Moves all parameters by their gradients, which stay the caller's. */
  step(gradients: Gradients): void {
    this.steps += 1;
    const { learningRate, beta1, beta2, eps, weightDecay } = this.options;
    const factors = {
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      step_size: learningRate / (1 - beta1 ** this.steps),
      root_correction: Math.sqrt(1 - beta2 ** this.steps),
    };
    this.parameters.forEach((theta, i) => {
      this.gpu.run('adam', {
        bindings: { grad: gradients.of(theta), theta, first: this.first[i], second: this.second[i] },
        params: { size: theta.size, ...factors, eps, decay: weightDecay },
        grid: grid1d(theta.size, 1024),
      });
    });
  }

  /** Its state after the steps recorded so far. */
  async download(): Promise<AdamState> {
    const read = async (moments: readonly Tensor[]) => {
      const values: Float32Array[] = [];
      for (const moment of moments) values.push(await this.gpu.read(moment));
      return values;
    };
    return { steps: this.steps, first: await read(this.first), second: await read(this.second) };
  }

  release(): void {
    for (const moment of [...this.first, ...this.second]) moment.release();
  }
}

/** Brings all values of x into [low, high], in place. */
export function clamp(gpu: Gpu, x: Tensor, low: number, high: number): void {
  gpu.run('clamp_values', {
    bindings: { x },
    params: { size: x.size, low, high },
    grid: grid1d(x.size, 1024),
  });
}
