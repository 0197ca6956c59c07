import { GpuError } from './errors.ts';
import { type Gpu, grid1d } from './gpu.ts';
import type { Tensor } from './tensor.ts';

/**
 * Gradients of an operation's inputs from the gradient of its output (`upstream`). `needs[i]` says whether input i's
 * is wanted; the others are null. The tape owns and releases what is returned.
 */
export type Backward = (upstream: Tensor, needs: readonly boolean[]) => (Tensor | null)[];

/** The same of an operation with several outputs. */
export type JointBackward = (upstream: readonly Tensor[], needs: readonly boolean[]) => (Tensor | null)[];

interface Entry {
  readonly name: string;
  readonly inputs: readonly { readonly id: number; readonly needed: boolean }[];
  readonly outputs: readonly { readonly id: number; readonly shape: readonly number[] }[];
  readonly saved: readonly Tensor[];
  readonly backward: JointBackward;
}

/** Gradients of parameters by tensor; their owner releases them. */
export class Gradients {
  private readonly byId: ReadonlyMap<number, Tensor>;

  constructor(byId: ReadonlyMap<number, Tensor>) {
    this.byId = byId;
  }

  /** The gradient of a parameter. @throws GpuError if the result did not depend on it */
  of(parameter: Tensor): Tensor {
    const gradient = this.byId.get(parameter.id);
    if (!gradient) throw new GpuError(`Tensor "${parameter.label}" has no gradient.`);
    return gradient;
  }

  release(): void {
    for (const gradient of this.byId.values()) gradient.release();
  }
}

/**
 * Records operations so that `backward` can run them in reverse (reverse-mode differentiation). Only what depends on
 * a tensor with `requiresGrad` is recorded, and only gradients on a path to one are computed: masking needs none of
 * the weights', training none of the images'.
 */
export class Tape {
  readonly gpu: Gpu;
  private entries: Entry[] = [];

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  /**
   * Records an operation that has been run.
   *
   * @param output what it computed; returned, with `requiresGrad` set if an input has it
   * @param saved  tensors that `backward` reads. They are kept alive until it ran, whatever their owners do; give
   *               tensors made for this purpose alone to `temporary`, to be released with them.
   */
  record(
    name: string,
    inputs: readonly Tensor[],
    output: Tensor,
    saved: readonly Tensor[],
    backward: (saved: readonly Tensor[]) => Backward,
    temporary: readonly Tensor[] = [],
  ): Tensor {
    const joint = (kept: readonly Tensor[]): JointBackward => {
      const one = backward(kept);
      return ([upstream], needs) => one(upstream, needs);
    };
    return this.recordJoint(name, inputs, [output], saved, joint, temporary)[0];
  }

  /** As `record`, of an operation with several outputs. */
  recordJoint(
    name: string,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    saved: readonly Tensor[],
    backward: (saved: readonly Tensor[]) => JointBackward,
    temporary: readonly Tensor[] = [],
  ): readonly Tensor[] {
    const needed = inputs.map((input) => input.requiresGrad);
    const wanted = needed.includes(true);
    for (const output of outputs) output.requiresGrad = wanted;
    if (wanted) {
      const kept = saved.map((tensor) => tensor.share());
      this.entries.push({
        name,
        inputs: inputs.map((input, i) => ({ id: input.id, needed: needed[i] })),
        outputs: outputs.map(({ id, shape }) => ({ id, shape })),
        saved: kept,
        backward: backward(kept),
      });
    }
    for (const tensor of temporary) tensor.release();
    return outputs;
  }

  /**
   * The gradients of a scalar with respect to every tensor it depends on that has `requiresGrad` and was not itself
   * recorded. Ends the tape.
   *
   * @param output a tensor of one element, or any tensor if `upstream` (of its shape) is given
   */
  backward(output: Tensor, upstream?: Tensor): Gradients {
    if (!upstream && output.size !== 1) {
      throw new GpuError(
        `Only a scalar has a gradient of its own; "${output.label}" has shape [${output.shape}].`,
      );
    }
    const gradients = new Map<number, Tensor>();
    gradients.set(output.id, upstream?.share() ?? this.gpu.full(output.shape, 1, 'upstream gradient'));
    for (let entry = this.entries.pop(); entry; entry = this.entries.pop()) {
      this.propagate(entry, gradients);
      for (const tensor of entry.saved) tensor.release();
    }
    return new Gradients(gradients);
  }

  /** Forgets what was recorded and releases what was saved; a tape that ran backward has nothing left. */
  close(): void {
    for (const entry of this.entries) for (const tensor of entry.saved) tensor.release();
    this.entries = [];
  }

  private propagate(entry: Entry, gradients: Map<number, Tensor>): void {
    if (!entry.outputs.some(({ id }) => gradients.has(id))) return;
    const needs = entry.inputs.map((input) => input.needed);
    const arriving = entry.outputs.map(({ id, shape }) => {
      const gradient = gradients.get(id) ?? this.gpu.full(shape, 0, 'no gradient'); // the result is free of this output
      gradients.delete(id);
      return gradient;
    });
    entry.backward(arriving, needs).forEach((gradient, i) => {
      if (!gradient) {
        if (needs[i]) throw new GpuError(`Operation ${entry.name} gave no gradient for its input ${i}.`);
        return;
      }
      const { id } = entry.inputs[i];
      const earlier = gradients.get(id);
      gradients.set(id, earlier ? plus(this.gpu, earlier, gradient) : gradient);
    });
    for (const gradient of arriving) gradient.release();
  }
}

/** a + b in place of both, which are released. */
export function plus(gpu: Gpu, a: Tensor, b: Tensor): Tensor {
  const y = gpu.empty(a.shape, a.label);
  gpu.run('scaled_sum', {
    bindings: { a, b, y },
    params: { size: a.size, alpha: 1, beta: 1 },
    grid: grid1d(a.size, 1024),
  });
  a.release();
  b.release();
  return y;
}
