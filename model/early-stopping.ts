/** Counts the epochs in a row whose loss is above the lowest one (paper, section 2.2.3). */
export class EarlyStopping {
  private readonly patience: number;
  private lowest = Number.POSITIVE_INFINITY;
  private above = 0;

  constructor(patience: number) {
    this.patience = patience;
  }

  done(loss: number): boolean {
    this.above = loss > this.lowest ? this.above + 1 : 0;
    this.lowest = Math.min(this.lowest, loss);
    return this.above >= this.patience;
  }
}
