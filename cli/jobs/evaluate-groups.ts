import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { formatTable, isMissing, readTable } from '../../cohort/table.ts';
import { runFolder, splitBeside } from '../../model/model-folder.ts';
import type { Evaluated } from './evaluate.ts';
import type { Asked, Judged } from './evaluate-targets.ts';
import { groupPaths, writeGroup } from './group-files.ts';
import { mapsPaths } from './maps.ts';
import { openOutput, pathsIn, requirePart } from './output.ts';
import { trainPaths } from './train-files.ts';

/** The group's name in the folders of trainings: ClinicaDL keeps `train` and `validation` for a training's own. */
const groupName = (name: string) => `test-${name}`;

/** The folders of trainings that networks lie in. */
function rootsOf(judged: readonly Pick<Judged, 'place'>[]): string[] {
  return [...new Set(judged.flatMap(({ place }) => (place ? [place.root] : [])))];
}

/** A group is one list of sessions, for all folds. @throws InputError when it was recorded with another one */
export function refuseOtherGroups(
  recording: readonly Asked[],
  judged: readonly Judged[],
  overwrite: boolean,
): void {
  if (overwrite) return;
  for (const { name, sessions } of recording) {
    const list = membersTable(sessions[0]);
    for (const root of rootsOf(judged)) {
      const file = mapsPaths(root).group(groupName(name));
      if (!existsSync(file) || JSON.stringify(readTable(file).rows) === JSON.stringify(list)) continue;
      throw new InputError(
        file,
        `the group ${groupName(name)} was recorded with other sessions`,
        'Choose another name, or give --overwrite to replace it',
      );
    }
  }
}

function membersTable(sessions: Asked['sessions'][number]): Record<string, string>[] {
  return sessions.map(({ participantId, sessionId, diagnosis }) => ({
    participant_id: participantId,
    session_id: sessionId,
    diagnosis,
  }));
}

/** Makes sure that `recordGroups` will not be refused. @throws InputError when something else is in the place of a file */
export function requireGroups(
  recording: readonly Asked[],
  judged: readonly Judged[],
  overwrite: boolean,
): void {
  const options = { by: 'evaluate', overwrite };
  for (const { name } of recording) {
    for (const root of rootsOf(judged))
      requirePart(root, options, pathsIn([mapsPaths(root).group(groupName(name))]));
    for (const { file, place } of judged) {
      const paths = groupPaths(path.dirname(file), groupName(name));
      if (place) requirePart(runFolder(place), options, pathsIn(paths));
    }
  }
}

/** Writes the answers for groups into the networks' own folders. @returns the files; none of networks that lie elsewhere */
export function recordGroups(
  recording: readonly Asked[],
  evaluated: readonly Evaluated[],
  classes: readonly string[],
  overwrite: boolean,
): string[] {
  return recording.flatMap(({ name, sessions: [first] }) => {
    const ofGroup = evaluated.filter(({ group, place }) => group === name && place !== null);
    const answers = ofGroup.flatMap(({ file, place, sessions, logits }) => {
      const paths = groupPaths(path.dirname(file), groupName(name));
      shared(runFolder(place!), overwrite, () => writeGroup(paths, { sessions, logits, classes }));
      return Object.values(paths);
    });
    const lists = rootsOf(ofGroup).map((root) => {
      const list = mapsPaths(root).group(groupName(name));
      const rows = membersTable(first);
      shared(root, overwrite, () => writeFileAtomic(list, formatTable(Object.keys(rows[0]), rows)));
      return list;
    });
    return [...answers, ...lists];
  });
}

/** Writes into a folder of trainings, which other processes may write into at the same time. */
function shared(folder: string, overwrite: boolean, write: () => void): void {
  const output = openOutput(folder, { by: 'evaluate', overwrite, shared: true });
  try {
    write();
  } finally {
    output.close();
  }
}

/** The balanced accuracy on the validation set that training recorded beside a network; null where it did not. */
export function recordedAccuracy(model: string): number | null {
  const file = trainPaths(path.dirname(splitBeside(model))).validation.metrics;
  if (!existsSync(file)) return null;
  const value = readTable(file).rows[0]?.BA;
  return isMissing(value) ? null : Number(value);
}
