/** The values that the paper reports for its experiments (section 3), to stand beside a study's own. */
export const paper = {
  /** E1 to E3: balanced accuracy by fold */
  accuracy: {
    validation: [0.95, 0.82, 0.96, 0.85, 0.87],
    test: [0.89, 0.87, 0.9, 0.86, 0.87],
    independent: [0.85, 0.92, 0.91, 0.92, 0.92],
  },
  meanAccuracy: { validation: 0.89, test: 0.88, independent: 0.9 },
  /** E6: in how many of five folds a structure is among the five densest */
  structures: { Hippocampus: 5, ParaHippocampal: 5, Fusiform: 4, Amygdala: 3 },
  /** E7 by fold */
  cohortSimilarity: [0.92, 0.99, 0.93, 0.89, 0.97],
  /** E7 to E11: means; null where the paper gives no number */
  pairs: {
    cohorts: { experiment: 'E7', similarity: 0.94, probCnn: null },
    'between participants': { experiment: 'E8', similarity: 0.8, probCnn: 0.58 },
    'within participants': { experiment: 'E9', similarity: 0.94, probCnn: 0.11 },
    folds: { experiment: 'E10', similarity: 0.65, probCnn: 0.78 },
    runs: { experiment: 'E11', similarity: 0.69, probCnn: 0.82 },
  },
} as const;
