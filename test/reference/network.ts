import { type Architecture, defaultSlope, fullyConnected, subBlocks } from '../../model/architecture.ts';
import { batchNormEval, batchNormEvalGrad, batchNormTrain, batchNormTrainGrad } from './batchnorm.ts';
import { conv3d, conv3dGrad } from './conv3d.ts';
import { leakyRelu, leakyReluGrad } from './leaky-relu.ts';
import { linear, linearGrad } from './linear.ts';
import { maxPool3d, maxPool3dGrad } from './max-pool3d.ts';
import { type NdArray, ndArray } from './ndarray.ts';

const EPS = 1e-5;

/** What a pass back through the network gives: the input's gradient, and each parameter's by its name. */
export interface NetworkGradients {
  input: NdArray;
  /** of the sub-block's output that was asked for */
  middle?: NdArray;
  parameters: Map<string, NdArray>;
}

/**
 * The whole network, layer after layer, without dropout.
 * @param get a parameter or running statistic by its state_dict name
 * @param after counts sub-blocks: the volume behind so many of them, and its gradient, are told too
 * @returns the logits, and the way back from their gradient
 */
export function network(
  architecture: Architecture,
  get: (name: string) => NdArray,
  x: NdArray,
  training: boolean,
  after = 0,
) {
  const { slope = defaultSlope } = architecture;
  let middle: NdArray | undefined;
  let behind = 0;
  const parameters = new Map<string, NdArray>();
  const back: ((dy: NdArray) => NdArray)[] = [];
  let current = x;
  const layer = (y: NdArray, grad: (dy: NdArray) => NdArray) => {
    current = y;
    back.unshift(grad);
  };
  for (const [i, { convolution, batchNorm, stride, pooled }] of subBlocks(architecture).entries()) {
    const [input, weight, bias] = [current, get(`${convolution}.weight`), get(`${convolution}.bias`)];
    layer(conv3d(input, weight, bias, stride), (dy) => {
      const { dx, dw, db } = conv3dGrad(input, weight, dy, stride);
      parameters.set(`${convolution}.weight`, dw).set(`${convolution}.bias`, db);
      return dx;
    });
    const [raw, gamma, beta] = [current, get(`${batchNorm}.weight`), get(`${batchNorm}.bias`)];
    const [mean, variance] = [get(`${batchNorm}.running_mean`), get(`${batchNorm}.running_var`)];
    const y = training
      ? batchNormTrain(raw, gamma, beta, EPS).y
      : batchNormEval(raw, gamma, beta, mean, variance, EPS);
    layer(y, (dy) => {
      const grads = training
        ? batchNormTrainGrad(raw, gamma, EPS, dy)
        : batchNormEvalGrad(raw, gamma, mean, variance, EPS, dy);
      parameters.set(`${batchNorm}.weight`, grads.dgamma).set(`${batchNorm}.bias`, grads.dbeta);
      return grads.dx;
    });
    const normalised = current;
    layer(leakyRelu(normalised, slope), (dy) => leakyReluGrad(normalised, slope, dy));
    if (pooled) {
      const unpooled = current;
      layer(maxPool3d(unpooled), (dy) => maxPool3dGrad(unpooled, dy));
    }
    if (i + 1 === after) [middle, behind] = [current, back.length];
  }
  const volume = current;
  layer(ndArray([x.shape[0], volume.data.length / x.shape[0]], volume.data), (dy) =>
    ndArray(volume.shape, dy.data),
  );
  fullyConnected(architecture).forEach(({ name }, i) => {
    if (i > 0) {
      const hidden = current;
      layer(leakyRelu(hidden, slope), (dy) => leakyReluGrad(hidden, slope, dy));
    }
    const [input, weight] = [current, get(`${name}.weight`)];
    layer(linear(input, weight, get(`${name}.bias`)), (dy) => {
      const { dx, dw, db } = linearGrad(input, weight, dy);
      parameters.set(`${name}.weight`, dw).set(`${name}.bias`, db);
      return dx;
    });
  });
  const gradients = (dlogits: NdArray): NetworkGradients => {
    const steps = back.length - behind; // from the logits to the middle
    const there = back.slice(0, steps).reduce((gradient, step) => step(gradient), dlogits);
    const input = back.slice(steps).reduce((gradient, step) => step(gradient), there);
    return { input, parameters, ...(middle && { middle: there }) };
  };
  return { logits: current, ...(middle && { middle }), gradients };
}
