import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { type Checkpoint, readCheckpoint } from '../../model/checkpoint.ts';
import type { Epoch } from '../../model/train.ts';
import { differences } from './train-identity.ts';

/** The checkpoint in a folder, if it is this training's; null where there is none. @throws InputError when it is another's */
export function checkpointOf<E = Epoch>(
  file: string,
  identity: object,
  overwrite: boolean,
): Checkpoint<E> | null {
  if (overwrite || !existsSync(file)) return null;
  const found = readCheckpoint<E>(file);
  const { adapter: _, ...begun } = found.identity as { adapter: unknown };
  const other = differences(begun, identity);
  if (other.length === 0) return found;
  throw new InputError(
    path.dirname(file),
    `holds an unfinished training with another ${other.join(', ')}`,
    'Give the options and the cohort that it was begun with to go on, or --overwrite to start anew',
  );
}

/** Another adapter rounds otherwise: a training that changes it would be neither's. @throws InputError naming both */
export function refuseOtherAdapter(
  from: Pick<Checkpoint, 'identity'> | null,
  report: OpenGpu['report'],
  out: string,
): void {
  if (from === null) return;
  const { adapter } = from.identity as { adapter: ReturnType<typeof adapterOf> };
  if (differences(adapter, adapterOf(report)).length === 0) return;
  throw new InputError(
    out,
    `holds a training begun on ${adapter.name} (${adapter.driver}, tuning ${JSON.stringify(adapter.tuning)}), ` +
      `and this is ${report.name} (${report.driver}, tuning ${JSON.stringify(report.tuning)})`,
    'Choose that one with --adapter to go on, or give --overwrite to start anew',
  );
}

/** What of an adapter decides about the bits of a result. */
export function adapterOf({ name, driver, tuning }: OpenGpu['report']) {
  return { name, driver, tuning };
}
