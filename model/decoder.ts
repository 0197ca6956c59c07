import { type Convolutional, subBlocks } from './architecture.ts';
import { layerSizes } from './partition.ts';
import type { ConvolutionNames } from './weights.ts';

/** One layer of the way back: upsampling where a block was halved, convolution, batch normalisation, LeakyReLU. */
export interface DecoderLayer extends ConvolutionNames {
  /** what the volume is brought to before the convolution; null where it has that size already */
  readonly upsampled: readonly [number, number, number] | null;
  /** voxels along each axis of what it gives */
  readonly sizes: readonly number[];
}

/**
 * The convolutional part read backwards (docs/method.md, pretraining): every sub-block with its channels exchanged, and where
 * it halved the volume, upsampling to the size before. The last one gives the image, without batch normalisation and LeakyReLU.
 * Modules are counted as in the network: a block's upsampling, then convolution, batch normalisation and LeakyReLU of each
 * sub-block.
 */
export function decoderLayers(shape: Convolutional): DecoderLayer[] {
  const layers = subBlocks(shape);
  const sizes = layerSizes(layers, shape.inputShape);
  const places = shape.subBlocks.flatMap((count, block) =>
    Array.from({ length: count }, (_, i) => ({ block, back: count - 1 - i })),
  );
  return layers
    .map(({ inputs, outputs, pooled, stride }, i): DecoderLayer => {
      const name = `decoder.conv${places[i].block}`;
      const { back } = places[i];
      const input = sizes[i].input as [number, number, number];
      return {
        convolution: `${name}.${3 * back + 1}`,
        batchNorm: i === 0 ? null : `${name}.${3 * back + 2}`,
        inputs: outputs,
        outputs: inputs,
        upsampled: pooled || stride === 2 ? input : null,
        sizes: input,
      };
    })
    .reverse();
}
