import { existsSync } from 'node:fs';
import path from 'node:path';
import { trainingWork } from '../../bench/subject.ts';
import { readGrid } from '../../cohort/nifti.ts';
import { boxGrid } from '../../cohort/simulate/grids.ts';
import { simulateDefaults } from '../../cohort/simulate/index.ts';
import { testSetDefaults } from '../../cohort/splits/test-set.ts';
import type { Activations } from '../../engine/ops/convolved.ts';
import { gridPoints } from '../../masking/grid.ts';
import { groupDefaults } from '../../masking/group.ts';
import { sessionDefaults } from '../../masking/session.ts';
import { type Architecture, defaultArchitecture } from '../../model/architecture.ts';
import { trainDefaults } from '../../model/train.ts';
import { readStages } from '../jobs/grid-config.ts';
import { defaultGroupOptions } from '../jobs/mask-group.ts';
import { readNotedCohort } from '../jobs/noted-cohort.ts';
import type { CohortConfig, StudyConfig } from './config.ts';
import type { Load } from './estimate.ts';
import { networkPlaces } from './network-units.ts';
import type { OptionValue } from './option-schema.ts';

/** What is known of a cohort before it is made, or once it is. */
interface Size {
  readonly shape: readonly [number, number, number];
  /** sessions of all classes */
  readonly sessions: number;
  /** sessions of the class under study */
  readonly ofClass: number;
  readonly participants: number;
}

/** The classes that a study's networks tell apart. */
export function classesOf({ train: { classes } }: StudyConfig): readonly string[] {
  if (classes === undefined) return defaultArchitecture.classes;
  return (Array.isArray(classes) ? classes : String(classes).split(',')).map(String);
}

/** The network of a study, once the images' size is known. */
export function architectureOf(study: StudyConfig, shape: Size['shape']): Architecture {
  const { train } = study;
  const list = (value: OptionValue | undefined, fallback: readonly number[]) =>
    value === undefined ? fallback : (Array.isArray(value) ? value : String(value).split(',')).map(Number);
  return {
    ...defaultArchitecture,
    inputShape: shape,
    channels: list(train.channels, defaultArchitecture.channels),
    subBlocks: list(train['sub-blocks'], defaultArchitecture.subBlocks),
    reduction: train.reduction === 'stride' ? 'stride' : 'maxpool',
    fcLayers: Number(train['fc-layers'] ?? defaultArchitecture.fcLayers),
    classes: classesOf(study),
  };
}

/**
 * Sizes of a study's cohorts: as they were built where they are there, or as their simulation will make them.
 *
 * @returns null where neither is known yet
 */
export function cohortSize(study: StudyConfig, cohort: CohortConfig, folder: string): Size | null {
  const built = path.join(folder, `cohort-${cohort.name}`, 'check', 'accepted.tsv');
  if (existsSync(built)) {
    const { sessions } = readNotedCohort(built, classesOf(study));
    return {
      shape: readGrid(sessions[0].path).shape,
      sessions: sessions.length,
      ofClass: sessions.filter(({ diagnosis }) => diagnosis === study.class).length,
      participants: new Set(sessions.map(({ participantId }) => participantId)).size,
    };
  }
  const { simulate } = cohort;
  if (!simulate || simulate.template !== undefined) return null;
  const each = Number(simulate.participants ?? simulateDefaults.participantsPerClass);
  const visits = Number(simulate.sessions ?? 1);
  const counts = [...String(simulate.counts ?? '').matchAll(/(CN|AD)[=:](\d+):(\d+)/g)];
  const of = (name: string) => {
    const found = counts.find(([, of]) => of === name);
    return { participants: Number(found?.[2] ?? each), sessions: Number(found?.[3] ?? each * visits) };
  };
  const [CN, AD] = [of('CN'), of('AD')];
  return {
    shape: boxGrid(Number(simulate.resolution ?? simulateDefaults.resolution)).shape,
    sessions: CN.sessions + AD.sessions,
    ofClass: (study.class === 'CN' ? CN : AD).sessions,
    participants: CN.participants + AD.participants,
  };
}

/**
 * What a study's units compute at most, by identifier: every epoch and step that their options allow. Units that take seconds
 * (cohorts, splits, comparisons of regions) are left out.
 */
export function loadsOf(study: StudyConfig, train: Size, independent: Size | null): Map<string, Load> {
  const { masks, grid, split, cohorts } = study;
  const networks = networkPlaces(study);
  const folds = new Set(networks.map(({ fold }) => fold)).size;
  const number = (value: OptionValue | undefined, fallback: number) => Number(value ?? fallback);
  // the test set takes participants, with all their sessions, from the rest
  const tested = split.test === false ? 0 : 2 * number(split.test.size, testSetDefaults.perClass);
  const left = Math.max(0, 1 - tested / train.participants);
  const fitted = (left * (folds - 1)) / folds;
  const loads = new Map<string, Load>();
  const epochs = number(study.train.epochs, trainDefaults.epochs);
  for (let fold = 0; fold < folds; fold++) {
    const runs = networks.filter((network) => network.fold === fold).length;
    loads.set(`train/fold-${fold}`, {
      work: trainingWork[(study.train.activations as Activations | undefined) ?? trainDefaults.activations],
      batch: number(study.train['batch-size'], trainDefaults.batchSize),
      images: runs * epochs * fitted * train.sessions,
    });
  }
  const inference = (images: number): Load => ({ work: 'inference', batch: trainDefaults.batchSize, images });
  loads.set('evaluate/validation', inference(left * train.participants));
  if (tested > 0) loads.set('evaluate/test', inference(folds * tested));
  if (independent) loads.set('evaluate/independent', inference(folds * independent.participants));
  const group = (
    options: Readonly<Record<string, OptionValue | undefined>>,
    images: number,
    own: boolean,
  ) => {
    const defaults = defaultGroupOptions(!own);
    const most = number(options.steps, Number.POSITIVE_INFINITY) * number(options['batch-size'], 1);
    return {
      work: 'mask step' as const,
      batch: number(options['batch-size'], groupDefaults.batchSize),
      images: Math.min(most, number(options.epochs, defaults.epochs) * images),
    };
  };
  for (const { fold, run } of networks) {
    loads.set(`mask/${cohorts.train.name}-${fold}-${run}`, group(masks.group, fitted * train.ofClass, true));
    if (run === 0 && cohorts.independent && independent)
      loads.set(
        `mask/${cohorts.independent.name}-${fold}-0`,
        group(masks.independent, independent.ofClass, false),
      );
  }
  if (grid !== false) {
    const points = readStages((grid.file as string | undefined) ?? null).flatMap(gridPoints).length;
    const one = group(grid, fitted * train.ofClass, true);
    loads.set('grid', { ...one, images: points * one.images });
  }
  if (masks.session !== false) {
    const steps = number(masks.session.steps, sessionDefaults.maxSteps);
    const sessions = masks.session.baseline ? train.participants / 2 : train.ofClass;
    loads.set(`mask/${cohorts.train.name}-sessions`, {
      work: 'mask step',
      batch: number(masks.session['batch-size'], 1),
      images: left * sessions * steps,
    });
  }
  return loads;
}
