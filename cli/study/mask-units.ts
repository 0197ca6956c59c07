import type { StudyConfig } from './config.ts';
import { computing, type NetworkPlace, networkPlaces, trainingTable } from './network-units.ts';
import { type OptionValues, optionWords } from './option-schema.ts';
import type { Unit } from './unit.ts';
import type { Places } from './units.ts';

/** The grid, the masks and what is compared among them: experiments 4 to 11 (paper, sections 2.3, 2.4 and 3.2). */
export function maskUnits(study: StudyConfig, places: Places): Unit[] {
  const networks = networkPlaces(study);
  const training = trainingTable(study, places);
  const { atlas } = places;
  const atlasWords = ['--atlas', atlas.image, '--labels', atlas.labels];
  const atlasNeeds = atlas.from === null ? [] : [atlas.from];
  const atlasInputs = atlas.from === null ? [atlas.image, atlas.labels] : [];
  const ofClass = ['--class', study.class];

  const group = ({ fold, run, folder, from }: NetworkPlace): Unit => {
    const out = `masks/group/${places.train.name}/split-${fold}/run-${run}`;
    return {
      ...computing,
      id: `mask/${places.train.name}-${fold}-${run}`,
      experiments: ['E6', ...(run === 0 ? ['E7', 'E10'] : []), ...(fold === 0 ? ['E11'] : [])],
      title: `Group mask of fold ${fold}${run > 0 ? `, run ${run}` : ''}`,
      command: [
        ...['mask', 'group', '--model', folder, '--cohort', training.table, ...ofClass, ...atlasWords],
        ...[...optionWords(study.masks.group as OptionValues), '--out', out],
      ],
      out,
      needs: [from, ...atlasNeeds],
      inputs: atlasInputs,
      again: 'resume',
    };
  };

  const independent = ({ fold, folder, from }: NetworkPlace): Unit[] => {
    if (!places.independent) return [];
    const { name, table, from: made } = places.independent;
    const out = `masks/group/${name}/split-${fold}/run-0`;
    const words = optionWords(study.masks.independent as OptionValues);
    return [
      {
        ...computing,
        id: `mask/${name}-${fold}-0`,
        experiments: ['E7'],
        title: `Group mask of ${name}, network of fold ${fold}`,
        command: [
          ...['mask', 'group', '--model', folder, '--cohort', table, '--independent', ...ofClass],
          ...[...atlasWords, ...words, '--out', out],
        ],
        out,
        needs: [from, made, ...atlasNeeds],
        inputs: atlasInputs,
        again: 'resume',
      },
    ];
  };

  const comparison = (name: string, experiments: string[], title: string, masks: readonly Unit[]): Unit => ({
    ...computing,
    id: `compare/${name}`,
    experiments,
    title,
    command: [
      'compare',
      ...masks.map(({ out }) => out),
      ...atlasWords,
      ...optionWords(study.compare as OptionValues),
      '--out',
      `compare/${name}`,
    ],
    out: `compare/${name}`,
    needs: [...masks.map(({ id }) => id), ...atlasNeeds],
    inputs: atlasInputs,
  });

  const [first] = networks;
  const groups = networks.map(group);
  const folds = groups.filter((_, i) => networks[i].run === 0);
  const runs = groups.filter((_, i) => networks[i].fold === 0);
  const others = networks.filter(({ run }) => run === 0).flatMap(independent);
  const units = [...groups, ...others];
  if (study.grid !== false) {
    const { file, ...options } = study.grid;
    units.unshift({
      ...computing,
      id: 'grid',
      experiments: ['E4', 'E5'],
      title: "Masks over the objective's weights and powers",
      command: [
        ...['grid', ...(file === undefined ? [] : [String(file)]), '--model', first.folder],
        ...['--cohort', training.table, ...ofClass, ...atlasWords],
        ...[...optionWords(options as OptionValues), '--out', 'grid'],
      ],
      out: 'grid',
      needs: [first.from, ...atlasNeeds],
      inputs: [...atlasInputs, ...(file === undefined ? [] : [String(file)])],
      again: 'resume',
    });
  }
  units.push(comparison('folds', ['E6', 'E10'], 'Masks of different folds', folds));
  if (runs.length > 1) units.push(comparison('runs', ['E11'], 'Masks of different runs', runs));
  if (others.length > 0)
    units.push(comparison('cohorts', ['E7'], 'Masks of both cohorts', [...folds, ...others]));
  if (study.masks.session !== false) {
    const out = `masks/session/${places.train.name}/split-0`;
    const sessions: Unit = {
      ...computing,
      id: `mask/${places.train.name}-sessions`,
      experiments: ['E8', 'E9'],
      title: 'Masks of single sessions',
      command: [
        ...['mask', 'session', '--model', first.folder, '--cohort', training.table, ...ofClass],
        ...[...optionWords(study.masks.session as OptionValues), '--out', out],
      ],
      out,
      needs: [first.from],
      again: 'resume',
    };
    units.push(sessions);
    units.push(comparison('sessions', ['E8', 'E9'], 'Masks between and within participants', [sessions]));
  }
  return units;
}
