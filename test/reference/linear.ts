import { type NdArray, zeros } from './ndarray.ts';

/** y = x w' + b: x [n, f], w [o, f], b [o] to y [n, o]. */
export function linear(x: NdArray, w: NdArray, b: NdArray): NdArray {
  const [samples, features] = x.shape;
  const outputs = w.shape[0];
  const y = zeros([samples, outputs]);
  for (let n = 0; n < samples; n++)
    for (let o = 0; o < outputs; o++) {
      y.data[n * outputs + o] = b.data[o];
      for (let f = 0; f < features; f++)
        y.data[n * outputs + o] += x.data[n * features + f] * w.data[o * features + f];
    }
  return y;
}

/** Gradients of `linear` for dy [n, o]. */
export function linearGrad(x: NdArray, w: NdArray, dy: NdArray): { dx: NdArray; dw: NdArray; db: NdArray } {
  const [samples, features] = x.shape;
  const outputs = w.shape[0];
  const dx = zeros(x.shape);
  const dw = zeros(w.shape);
  const db = zeros([outputs]);
  for (let n = 0; n < samples; n++)
    for (let o = 0; o < outputs; o++) {
      const upstream = dy.data[n * outputs + o];
      db.data[o] += upstream;
      for (let f = 0; f < features; f++) {
        dx.data[n * features + f] += upstream * w.data[o * features + f];
        dw.data[o * features + f] += upstream * x.data[n * features + f];
      }
    }
  return { dx, dw, db };
}
