import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { touchedShare } from '../../masking/effect.ts';
import { type MaskState, readState, unrecordedState } from '../../masking/mask-state.ts';
import { maskMarker } from './mask-files.ts';

/** What a mask was made with, as its sidecar tells it; null for what is not known. */
export interface MadeWith {
  /** file of the network, or its folder */
  readonly model: string | null;
  readonly className: string | null;
  /** a number, or the path of a volume */
  readonly mu: number | string | null;
  /** table of the cohort whose images it was made from */
  readonly table: string | null;
  /** the images that stand for it: those that a group mask was selected on, or a session's own */
  readonly images: readonly ImageName[] | null;
  readonly participantId: string | null;
  readonly sessionId: string | null;
  /** whether it may be believed; null of a mask made by an earlier version */
  readonly state: MaskState | null;
}

/** Whether a mask may be believed, as its sidecar says; without that, what its voxels say alone. @param mask its values m */
export function stateOf({ state }: Pick<MadeWith, 'state'>, mask: Float32Array): MaskState {
  return state ?? unrecordedState(touchedShare(mask));
}

/** A session of a cohort, or an image that belongs to none (by its path). */
export type ImageName =
  | { readonly participantId: string; readonly sessionId: string }
  | { readonly path: string };

const unknown: MadeWith = {
  model: null,
  className: null,
  mu: null,
  table: null,
  images: null,
  participantId: null,
  sessionId: null,
  state: null,
};

/**
 * What the `mask.json` beside a mask tells. Paths that a run was given relative to another working folder are looked for from
 * the mask's folder upwards; one that is not found stays as it was given.
 */
export function madeWith(file: string): MadeWith {
  if (!/^mask(_thresholded)?\.nii(\.gz)?$/.test(path.basename(file))) return unknown;
  const folder = path.dirname(path.resolve(file));
  const { options, results } = readSidecar(path.join(folder, maskMarker.replace('.nii.gz', '.json')));
  const place = (value: unknown) => (typeof value === 'string' ? located(value, folder) : null);
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
  const own = {
    participantId: text(results.participantId) ?? text(options.participantId) ?? partOf(folder, 'sub'),
    sessionId: text(results.sessionId) ?? text(options.sessionId) ?? partOf(folder, 'ses'),
  };
  const { mu } = options;
  // a mask of sessions names its cohort, or its single image, by where they come from
  const from = { cohort: options.cohort, image: options.image, ...(options.from as object | undefined) };
  return {
    model: place(options.model),
    className: text(results.className) ?? text(options.className),
    mu: typeof mu === 'number' ? mu : place(mu),
    table: place(from.cohort),
    images: imagesOf(results.selectedOn, place(from.image), own),
    ...own,
    state: readState(results.state),
  };
}

function imagesOf(
  selectedOn: unknown,
  image: string | null,
  { participantId, sessionId }: Pick<MadeWith, 'participantId' | 'sessionId'>,
): ImageName[] | null {
  if (Array.isArray(selectedOn)) {
    return selectedOn.map((name) => {
      const [participantId, sessionId] = String(name).split(' ');
      return { participantId, sessionId };
    });
  }
  if (image !== null) return [{ path: image }];
  return participantId !== null && sessionId !== null ? [{ participantId, sessionId }] : null;
}

/** `sub-X` or `ses-Y` among the folders of a mask. */
function partOf(folder: string, entity: 'sub' | 'ses'): string | null {
  return folder.split(path.sep).find((part) => part.startsWith(`${entity}-`)) ?? null;
}

function located(given: string, folder: string): string {
  if (path.isAbsolute(given) || existsSync(given)) return given;
  for (let from = folder; ; from = path.dirname(from)) {
    const candidate = path.resolve(from, given);
    if (existsSync(candidate)) return candidate;
    if (from === path.dirname(from)) return given;
  }
}

function readSidecar(file: string): Record<'options' | 'results', Record<string, unknown>> {
  try {
    const { options, results } = JSON.parse(readFileSync(file, 'utf8'));
    return { options: options ?? {}, results: results ?? {} };
  } catch {
    return { options: {}, results: {} }; // none there: the mask came another way
  }
}
