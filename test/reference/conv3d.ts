import { type NdArray, offset, zeros } from './ndarray.ts';

/** Output size of one axis: kernel 3, padding 1. */
export function convSize(n: number, stride: number): number {
  return Math.floor((n + 2 - 3) / stride) + 1;
}

/** Calls `visit(xi, wi, yi)` for every product x[xi] w[wi] that enters output y[yi]; the zero padding enters none. */
function eachProduct(
  x: readonly number[],
  w: readonly number[],
  y: readonly number[],
  stride: number,
  visit: (xi: number, wi: number, yi: number) => void,
): void {
  const [samples, inputs, depth, height, width] = x;
  for (let n = 0; n < samples; n++)
    for (let co = 0; co < w[0]; co++)
      for (let od = 0; od < y[2]; od++)
        for (let oh = 0; oh < y[3]; oh++)
          for (let ow = 0; ow < y[4]; ow++)
            for (let ci = 0; ci < inputs; ci++)
              for (let kd = 0; kd < 3; kd++)
                for (let kh = 0; kh < 3; kh++)
                  for (let kw = 0; kw < 3; kw++) {
                    const id = od * stride + kd - 1;
                    const ih = oh * stride + kh - 1;
                    const iw = ow * stride + kw - 1;
                    if (id < 0 || id >= depth || ih < 0 || ih >= height || iw < 0 || iw >= width) continue;
                    const xi = offset(x, n, ci, id, ih, iw);
                    visit(xi, offset(w, co, ci, kd, kh, kw), offset(y, n, co, od, oh, ow));
                  }
}

/** Shape [n, co, d', h', w'] of the convolution of x [n, ci, d, h, w]. */
function outputShape(x: NdArray, outputs: number, stride: number): number[] {
  return [x.shape[0], outputs, ...x.shape.slice(2).map((n) => convSize(n, stride))];
}

/**
 * Cross-correlation as PyTorch's Conv3d, kernel 3, padding 1: x [n, ci, d, h, w], w [co, ci, 3, 3, 3], b [co]
 * to y [n, co, d', h', w'].
 */
export function conv3d(x: NdArray, w: NdArray, b: NdArray, stride: 1 | 2): NdArray {
  const y = zeros(outputShape(x, w.shape[0], stride));
  const spatial = y.shape[2] * y.shape[3] * y.shape[4];
  for (let i = 0; i < y.data.length; i++) y.data[i] = b.data[Math.floor(i / spatial) % w.shape[0]];
  eachProduct(x.shape, w.shape, y.shape, stride, (xi, wi, yi) => {
    y.data[yi] += x.data[xi] * w.data[wi];
  });
  return y;
}

/** Gradients of `conv3d` for the upstream gradient dy, shaped as its output. */
export function conv3dGrad(
  x: NdArray,
  w: NdArray,
  dy: NdArray,
  stride: 1 | 2,
): { dx: NdArray; dw: NdArray; db: NdArray } {
  const dx = zeros(x.shape);
  const dw = zeros(w.shape);
  const db = zeros([w.shape[0]]);
  const spatial = dy.shape[2] * dy.shape[3] * dy.shape[4];
  for (let i = 0; i < dy.data.length; i++) db.data[Math.floor(i / spatial) % w.shape[0]] += dy.data[i];
  eachProduct(x.shape, w.shape, dy.shape, stride, (xi, wi, yi) => {
    dx.data[xi] += dy.data[yi] * w.data[wi];
    dw.data[wi] += dy.data[yi] * x.data[xi];
  });
  return { dx, dw, db };
}
