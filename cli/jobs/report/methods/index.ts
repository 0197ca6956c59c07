import type { Grid } from '../../../../cohort/volume.ts';
import type { NumberTable, Quality } from '../../../../report/page/data.ts';
import type { Context } from '../context.ts';
import type { FoundMask } from '../masks.ts';
import type { Sealed, Shown } from '../shown.ts';
import { regionsText } from './atlas.ts';
import { comparingText } from './comparing.ts';
import { imagesText } from './images.ts';
import { maskingText } from './masking.ts';
import { softwareText } from './software.ts';
import { splitsText } from './splits.ts';
import { trainingText } from './training.ts';

/** What the methods are written from, beside the records of the runs. */
export interface MethodsOf {
  readonly masks: readonly FoundMask[];
  readonly grid: Grid | null;
  readonly demographics: Sealed<NumberTable> | null;
  readonly quality: readonly Sealed<Quality>[];
}

/** Sentences for a paper's methods. Each follows from what the runs recorded; what no run recorded is not said. */
export function methodsText(context: Context, of: MethodsOf): Shown[] {
  return [
    imagesText(context, of),
    splitsText(context),
    trainingText(context),
    maskingText(context, of.masks),
    regionsText(context, of.grid),
    comparingText(context),
    softwareText(context),
  ].filter((text) => text !== null);
}
