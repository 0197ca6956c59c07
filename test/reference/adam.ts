export interface AdamOptions {
  lr: number;
  beta1: number;
  beta2: number;
  eps: number;
  weightDecay: number;
  /** Smallest and largest value that the step may leave, as the mask's [0, 1]. */
  clamp?: readonly [number, number];
}

/**
 * One step of torch.optim.Adam, in place: weight decay is added to the gradient (not decoupled).
 * @param param, grad, m, v of one length; m and v, the running moments, start at 0
 * @param t number of this step, from 1
 */
export function adamStep(
  param: Float64Array,
  grad: Float64Array,
  m: Float64Array,
  v: Float64Array,
  t: number,
  { lr, beta1, beta2, eps, weightDecay, clamp }: AdamOptions,
): void {
  for (let i = 0; i < param.length; i++) {
    const g = grad[i] + weightDecay * param[i];
    m[i] = beta1 * m[i] + (1 - beta1) * g;
    v[i] = beta2 * v[i] + (1 - beta2) * g * g;
    const first = m[i] / (1 - beta1 ** t);
    const second = v[i] / (1 - beta2 ** t);
    param[i] -= (lr * first) / (Math.sqrt(second) + eps);
    if (clamp) param[i] = Math.min(Math.max(param[i], clamp[0]), clamp[1]);
  }
}
