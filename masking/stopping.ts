/** How an epoch is told to be better (docs/method.md, group mask). */
export type StoppingRule = 'relative' | 'literal';

export interface StoppingOptions {
  readonly rule: StoppingRule;
  /** epochs in a row that are not better before the mask's training stops */
  readonly patience: number;
  readonly tolerance: number;
}

/**
 * Early stopping of a mask's training.
 *
 * relative: an epoch is better if its loss is below the reference by `tolerance` times the reference, which it then
 * becomes. literal: an epoch is bad if its loss exceeds the lowest one by more than `tolerance` of it.
 */
export class Stopping {
  private readonly options: StoppingOptions;
  private reference = Number.POSITIVE_INFINITY;
  private bad = 0;

  constructor(options: StoppingOptions) {
    this.options = options;
  }

  /** Takes an epoch's validation loss. @returns whether training is over */
  done(loss: number): boolean {
    const { rule, patience, tolerance } = this.options;
    const margin = tolerance * Math.abs(this.reference);
    if (rule === 'relative') {
      const better = this.reference === Number.POSITIVE_INFINITY || loss < this.reference - margin;
      this.bad = better ? 0 : this.bad + 1;
      if (better) this.reference = loss;
    } else {
      this.reference = Math.min(this.reference, loss);
      this.bad = loss - this.reference > tolerance * Math.abs(this.reference) ? this.bad + 1 : 0;
    }
    return this.bad >= patience;
  }
}
