import { type NdArray, offset, zeros } from './ndarray.ts';

/** Output size of one axis: an odd size first grows by one zero plane. */
export function poolSize(n: number): number {
  return Math.ceil(n / 2);
}

/**
 * Calls `visit(yi, best, xi)` for every window: its largest value, and where in x the first such value in scan order
 * lies, -1 if it is a zero of the padding.
 */
function eachWindow(x: NdArray, visit: (yi: number, best: number, xi: number) => void): void {
  const [samples, channels, depth, height, width] = x.shape;
  let yi = 0;
  for (let n = 0; n < samples; n++)
    for (let c = 0; c < channels; c++)
      for (let od = 0; od < poolSize(depth); od++)
        for (let oh = 0; oh < poolSize(height); oh++)
          for (let ow = 0; ow < poolSize(width); ow++) {
            let best = -Infinity;
            let from = -1;
            for (let kd = 0; kd < 2; kd++)
              for (let kh = 0; kh < 2; kh++)
                for (let kw = 0; kw < 2; kw++) {
                  // An odd axis has its zero plane before the first voxel, at index -1.
                  const d = 2 * od + kd - (depth % 2);
                  const h = 2 * oh + kh - (height % 2);
                  const w = 2 * ow + kw - (width % 2);
                  const inside = d >= 0 && h >= 0 && w >= 0;
                  const xi = inside ? offset(x.shape, n, c, d, h, w) : -1;
                  const value = inside ? x.data[xi] : 0;
                  if (value > best) {
                    best = value;
                    from = xi;
                  }
                }
            visit(yi, best, from);
            yi += 1;
          }
}

/** Maximum over 2 x 2 x 2 windows, stride 2; odd axes are padded with one zero plane at the low end (docs/method.md). */
export function maxPool3d(x: NdArray): NdArray {
  const y = zeros([...x.shape.slice(0, 2), ...x.shape.slice(2).map(poolSize)]);
  eachWindow(x, (yi, best) => {
    y.data[yi] = best;
  });
  return y;
}

/** Gradient of `maxPool3d`: each dy goes to its window's first maximum, and nowhere if that is a padded zero. */
export function maxPool3dGrad(x: NdArray, dy: NdArray): NdArray {
  const dx = zeros(x.shape);
  eachWindow(x, (yi, _best, xi) => {
    if (xi >= 0) dx.data[xi] += dy.data[yi];
  });
  return dx;
}
