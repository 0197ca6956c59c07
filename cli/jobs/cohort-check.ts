import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import {
  type Check,
  type Checked,
  type CheckOptions,
  checkImages,
  type Verdict,
} from '../../cohort/quality/check.ts';
import type { Sides } from '../../cohort/quality/flips.ts';
import { reasonText } from '../../cohort/quality/reasons.ts';
import { sessionName } from '../../cohort/session.ts';
import { formatSubset } from '../../cohort/subset.ts';
import { formatTable } from '../../cohort/table.ts';
import { type Grid, sameGrid, type Volume } from '../../cohort/volume.ts';
import { renderContactSheet, type Thumbnail } from '../../report/contact-sheet.ts';
import { profiles } from '../../report/views.ts';
import { writeSidecar } from '../sidecar.ts';
import { onSheet, sheetAbout, sheetImage } from './check-sheet.ts';
import { readNotedCohort } from './noted-cohort.ts';
import { openOutput } from './output.ts';
import { refuseCopiesAmong } from './twins.ts';

export interface CohortCheckOptions extends CheckOptions {
  readonly cohort: string;
  readonly classes: readonly string[];
  readonly out: string;
  readonly overwrite: boolean;
}

export interface CohortCheckHooks {
  readonly onImage?: (done: number, of: number) => void;
}

export interface CohortCheckResult {
  readonly counts: Readonly<Record<Verdict, number>>;
  /** whether mirrored images could be looked for */
  readonly sides: Sides;
  /** the worst first */
  readonly images: readonly Checked[];
  readonly paths: Readonly<Record<'check' | 'accepted' | 'sheet' | 'sidecar', string>>;
}

const marker = 'check.tsv';

/**
 * Checks a cohort's images, from its table to files: `check.tsv`, `contact-sheet.png`, and `accepted.tsv`, the cohort
 * without the rejected images. Flagged ones stay in: a person decides.
 *
 * @throws InputError as `readCohort`, `checkImages`, and for one scan under two participants
 */
export async function checkCohort(
  options: CohortCheckOptions,
  { onImage }: CohortCheckHooks = {},
): Promise<CohortCheckResult> {
  const { cohort: table, classes, out, overwrite } = options;
  const startedAt = new Date();
  const cohort = readNotedCohort(table, classes, { allowOneClass: true, copiesCompared: true });
  const output = openOutput(out, { by: 'cohort check', overwrite });
  try {
    output.require([marker, 'accepted.tsv', 'contact-sheet.png', 'check.json'], marker);

    const check = await checkImages(cohort.sessions, options, {
      onImage,
      onFingerprints: (fingerprints) => refuseCopiesAmong(table, fingerprints),
    });
    const { images, sides } = check;
    const place = (name: string) => path.join(out, name);
    const paths = {
      check: place(marker),
      accepted: place('accepted.tsv'),
      sheet: place('contact-sheet.png'),
      sidecar: place('check.json'),
    };
    const count = (verdict: Verdict) => images.filter((image) => image.verdict === verdict).length;
    const counts = { rejected: count('rejected'), flagged: count('flagged'), accepted: count('accepted') };
    const { png, slices } = drawSheet(check, counts);
    writeFileAtomic(paths.sheet, png);
    const kept = images.filter(({ verdict }) => verdict !== 'rejected').map(({ session }) => session);
    writeFileAtomic(paths.accepted, formatSubset(cohort, kept, out));
    writeSidecar(out, 'check', {
      command: 'cohort check',
      options: { ...options },
      seed: null,
      startedAt,
      finishedAt: new Date(),
      results: { counts, sides: withoutNaN(sides), doubtful: doubtful(images) },
    });
    writeFileAtomic(paths.check, checkTable(images, slices, out));
    return { counts, sides, images, paths };
  } finally {
    output.close();
  }
}

type Slices = readonly [x: number, y: number, z: number];

/** The sheet, and by image the slices that were chosen for it. */
function drawSheet(
  { images, mean, grid }: Check,
  { rejected, flagged, accepted }: CohortCheckResult['counts'],
): { png: Uint8Array; slices: ReadonlyMap<Checked, Slices> } {
  const shown = onSheet(images);
  const bad = shown.filter(({ as }) => as === 'doubtful').length;
  const cut = bad < rejected + flagged ? ` (the worst ${bad} of the ${rejected + flagged} are shown)` : '';
  const title = `Quality check: ${rejected} rejected, ${flagged} flagged, ${accepted} accepted${cut}`;
  const slices = new Map<Checked, Slices>();
  const choose = (image: Checked, { data, grid: own }: Volume, scale: number) => {
    if (image.verdict === 'accepted' || !sameGrid(own, grid)) return null;
    const chosen = mostDifferent(data, mean, grid, scale);
    slices.set(image, chosen);
    return chosen;
  };
  const png = renderContactSheet(
    title,
    sheetAbout,
    shown.map(({ image, as }): Thumbnail => {
      const { session, verdict, measures, reasons, correlation } = image;
      const { scale = 1 } = measures ?? {};
      return {
        verdict,
        note: as === 'doubtful' ? undefined : as,
        caption: [
          `${sessionName(session)} ${session.diagnosis}`,
          ...(measures
            ? [
                `max ${decimals(measures.maximum, 3)}, r ${decimals(correlation, 3)}, ${Math.round(measures.grayMatter)} ml`,
              ]
            : []),
          ...reasons.map(reasonText),
        ],
        image: () => measures && sheetImage(session.path, scale, (volume) => choose(image, volume, scale)),
      };
    }),
  );
  return { png, slices };
}

/** The slices along x, y and z in which an image differs most from the mean. */
function mostDifferent(image: Float32Array, mean: Float32Array, grid: Grid, scale: number): Slices {
  const [x, y, z] = profiles(grid, (voxel) => (image[voxel] / scale - mean[voxel]) ** 2).map((profile) =>
    profile.indexOf(Math.max(...profile)),
  );
  return [x, y, z];
}

/** For programs: the reasons with their figures. */
function doubtful(images: readonly Checked[]) {
  return images
    .filter(({ reasons }) => reasons.length > 0)
    .map(({ session: { participantId, sessionId }, verdict, reasons }) => ({
      ...{ participantId, sessionId, verdict },
      reasons,
    }));
}

function withoutNaN({ usual, spread, distinct }: Sides) {
  const known = (value: number) => (Number.isNaN(value) ? null : value);
  return { usual: known(usual), spread: known(spread), distinct };
}

function checkTable(images: readonly Checked[], slices: ReadonlyMap<Checked, Slices>, out: string): string {
  const rows = images.map((image) => {
    const { session, verdict, reasons, measures } = image;
    return {
      participant_id: session.participantId,
      session_id: session.sessionId,
      diagnosis: session.diagnosis,
      verdict,
      reasons: reasons.map(reasonText).join('; '),
      reason_codes: reasons.map(({ code }) => code).join(','),
      maximum: decimals(measures?.maximum, 4),
      minimum: decimals(measures?.minimum, 4),
      scale: measures && String(measures.scale),
      different_values: measures?.differentValues,
      nan_share: decimals(measures?.nanShare, 4),
      above_one_share: decimals(measures?.aboveOneShare, 4),
      gray_matter_ml: decimals(measures?.grayMatter, 1),
      volume_z: decimals(image.volumeZ, 2),
      correlation: decimals(image.correlation, 4),
      correlation_z: decimals(image.correlationZ, 2),
      outside_share: decimals(image.outside, 4),
      outside_z: decimals(image.outsideZ, 2),
      best_flip: image.flip,
      flip_correlation: decimals(image.flipCorrelation, 4),
      asymmetry: decimals(image.asymmetry, 4),
      slices: slices.get(image)?.join(','),
      path: path.relative(path.resolve(out), session.path),
    };
  });
  return formatTable(Object.keys(rows[0]), rows);
}

function decimals(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined ? 'n/a' : value.toFixed(digits);
}
