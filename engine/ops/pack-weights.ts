import { type Gpu, grid1d } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { OCTET } from '../tuning.ts';

/** Below this many output channels a thread computes one of them instead of eight. */
const NARROW = 4;

/** Weights in the order in which the convolution kernels read them. */
export interface PackedWeights {
  readonly packed: Tensor;
  readonly inputs: number;
  readonly outputs: number;
  /** output channels that lie together, and that a thread computes */
  readonly octet: number;
}

/** How weights are packed. */
export interface PackOptions {
  /** for the input gradient: channels change places, taps are mirrored */
  readonly transposed?: boolean;
  /** [co], multiplied into the weights */
  readonly scale?: Tensor;
  /** for kernels that compute octets only, however few channels there are */
  readonly wide?: boolean;
}

/** Packs weights [co, ci, 3, 3, 3] for the convolution kernels. */
export function packWeights(gpu: Gpu, weight: Tensor, options: PackOptions = {}): PackedWeights {
  const { transposed = false, scale, wide = false } = options;
  const [co, ci] = weight.shape;
  const [inputs, outputs] = transposed ? [co, ci] : [ci, co];
  const octet = !wide && outputs < NARROW ? 1 : OCTET;
  const size = Math.ceil(outputs / octet) * octet * inputs * 27;
  const packed = gpu.empty([size], `${weight.label} packed`);
  gpu.run('conv3d_pack', {
    bindings: { weight, scale: scale ?? weight, packed }, // without a scale the binding is not read
    params: { inputs, outputs },
    constants: { BLOCK: octet, TRANSPOSED: Number(transposed), SCALED: Number(scale !== undefined) },
    grid: grid1d(size / 27, 64),
  });
  return { packed, inputs, outputs, octet };
}
