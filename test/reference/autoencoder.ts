import { type Convolutional, subBlocks } from '../../model/architecture.ts';
import { decoderLayers } from '../../model/decoder.ts';
import { batchNormTrain, batchNormTrainGrad } from './batchnorm.ts';
import { conv3d, conv3dGrad } from './conv3d.ts';
import { leakyRelu, leakyReluGrad } from './leaky-relu.ts';
import { maxPool3d, maxPool3dGrad } from './max-pool3d.ts';
import type { NdArray } from './ndarray.ts';
import { upsample, upsampleGrad } from './upsample.ts';

const EPS = 1e-5;
const SLOPE = 0.01;

/**
 * The autoencoder in training, layer after layer.
 * @param get a parameter by its state_dict name
 * @returns the reconstruction, and the way back from its gradient to each parameter's
 */
export function autoencoder(shape: Convolutional, get: (name: string) => NdArray, x: NdArray) {
  const parameters = new Map<string, NdArray>();
  const back: ((dy: NdArray) => NdArray)[] = [];
  let current = x;
  const layer = (y: NdArray, grad: (dy: NdArray) => NdArray) => {
    current = y;
    back.unshift(grad);
  };
  const convolve = (name: string, stride: 1 | 2) => {
    const [input, weight] = [current, get(`${name}.weight`)];
    layer(conv3d(input, weight, get(`${name}.bias`), stride), (dy) => {
      const { dx, dw, db } = conv3dGrad(input, weight, dy, stride);
      parameters.set(`${name}.weight`, dw).set(`${name}.bias`, db);
      return dx;
    });
  };
  const normalise = (name: string) => {
    const [input, gamma] = [current, get(`${name}.weight`)];
    layer(batchNormTrain(input, gamma, get(`${name}.bias`), EPS).y, (dy) => {
      const { dx, dgamma, dbeta } = batchNormTrainGrad(input, gamma, EPS, dy);
      parameters.set(`${name}.weight`, dgamma).set(`${name}.bias`, dbeta);
      return dx;
    });
    const normalised = current;
    layer(leakyRelu(normalised, SLOPE), (dy) => leakyReluGrad(normalised, SLOPE, dy));
  };
  for (const { convolution, batchNorm, stride, pooled } of subBlocks(shape)) {
    convolve(convolution, stride);
    normalise(batchNorm);
    const volume = current;
    if (pooled) layer(maxPool3d(volume), (dy) => maxPool3dGrad(volume, dy));
  }
  for (const { convolution, batchNorm, upsampled } of decoderLayers(shape)) {
    if (upsampled) layer(upsample(current, upsampled), upsampleGrad);
    convolve(convolution, 1);
    if (batchNorm !== null) normalise(batchNorm);
  }
  const gradients = (dy: NdArray) => {
    back.reduce((gradient, step) => step(gradient), dy);
    return parameters;
  };
  return { reconstructed: current, gradients };
}
