import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { readVolume } from '../../cohort/nifti.ts';
import { type Checked, type CheckOptions, checkImages, type Verdict } from '../../cohort/quality/check.ts';
import { formatSubset } from '../../cohort/subset.ts';
import { formatTable } from '../../cohort/table.ts';
import { type Grid, sameGrid } from '../../cohort/volume.ts';
import { renderContactSheet, type Thumbnail } from '../../report/contact-sheet.ts';
import { profiles } from '../../report/views.ts';
import { writeSidecar } from '../sidecar.ts';
import { onSheet } from './check-sheet.ts';
import { readNotedCohort } from './noted-cohort.ts';
import { openOutput } from './output.ts';
import { refuseCopies } from './twins.ts';

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
  /** the worst first */
  readonly images: readonly Checked[];
  readonly paths: Readonly<Record<'check' | 'accepted' | 'sheet' | 'sidecar', string>>;
}

const marker = 'check.tsv';

/**
 * Checks a cohort's images, from its table to files: `check.tsv`, `contact-sheet.png`, and `accepted.tsv`, the cohort
 * without the rejected images. Flagged ones stay in: a person decides. @throws InputError as `readCohort`, `checkImages`
 */
export async function checkCohort(
  options: CohortCheckOptions,
  { onImage }: CohortCheckHooks = {},
): Promise<CohortCheckResult> {
  const { cohort: table, classes, out, overwrite } = options;
  const startedAt = new Date();
  const cohort = readNotedCohort(table, classes, { allowOneClass: true, copiesCompared: true });
  await refuseCopies(table, cohort.sessions);
  const output = openOutput(out, { by: 'cohort check', overwrite });
  try {
    output.require([marker, 'accepted.tsv', 'contact-sheet.png', 'check.json'], marker);

    const { images, mean, grid } = await checkImages(cohort.sessions, options, onImage);
    const place = (name: string) => path.join(out, name);
    const paths = {
      check: place(marker),
      accepted: place('accepted.tsv'),
      sheet: place('contact-sheet.png'),
      sidecar: place('check.json'),
    };
    const count = (verdict: Verdict) => images.filter((image) => image.verdict === verdict).length;
    const counts = { rejected: count('rejected'), flagged: count('flagged'), accepted: count('accepted') };
    const shown = onSheet(images);
    const sheet = renderContactSheet(titleOf(counts, shown), shown.length, thumbnailsOf(shown, mean, grid));
    writeFileAtomic(paths.sheet, sheet);
    const kept = images.filter(({ verdict }) => verdict !== 'rejected').map(({ session }) => session);
    writeFileAtomic(paths.accepted, formatSubset(cohort, kept, out));
    writeSidecar(out, 'check', {
      command: 'cohort check',
      options: { ...options },
      seed: null,
      startedAt,
      finishedAt: new Date(),
      results: { counts },
    });
    writeFileAtomic(paths.check, checkTable(images, out));
    return { counts, images, paths };
  } finally {
    output.close();
  }
}

function titleOf(
  { rejected, flagged, accepted }: CohortCheckResult['counts'],
  shown: readonly Checked[],
): string {
  const bad = shown.filter(({ verdict }) => verdict !== 'accepted').length;
  const cut = bad < rejected + flagged ? ` (the worst ${bad} of the ${rejected + flagged} are shown)` : '';
  return `Quality check: ${rejected} rejected, ${flagged} flagged, ${accepted} accepted${cut}`;
}

/** Reads each image when it is drawn, so that one is held at a time. */
function* thumbnailsOf(shown: readonly Checked[], mean: Float32Array, grid: Grid): Generator<Thumbnail> {
  for (const { session, verdict, reasons, measures, correlation } of shown) {
    const image = measures ? readVolume(session.path) : null;
    const differs = image && verdict !== 'accepted' && sameGrid(image.grid, grid);
    yield {
      verdict,
      caption: [
        `${session.participantId} ${session.sessionId} ${session.diagnosis}`,
        ...(measures
          ? [
              `max ${measures.maximum.toFixed(3)}, r ${decimals(correlation, 3)}, ${Math.round(measures.grayMatter)} ml`,
            ]
          : []),
        ...reasons,
      ],
      image,
      ...(differs && { slices: mostDifferent(image.data, mean, grid) }),
    };
  }
}

/** The coronal and the axial slice in which an image differs most from the mean. */
function mostDifferent(image: Float32Array, mean: Float32Array, grid: Grid): [number, number] {
  const [, coronal, axial] = profiles(grid, (voxel) => (image[voxel] - mean[voxel]) ** 2);
  const largest = (profile: readonly number[]) => profile.indexOf(Math.max(...profile));
  return [largest(coronal), largest(axial)];
}

function checkTable(images: readonly Checked[], out: string): string {
  const columns = [
    ...['participant_id', 'session_id', 'diagnosis', 'verdict', 'reasons', 'maximum', 'minimum', 'nan_share'],
    ...['above_one_share', 'gray_matter_ml', 'volume_z', 'correlation', 'correlation_z'],
    ...['outside_share', 'outside_z', 'path'],
  ];
  const rows = images.map(
    ({ session, verdict, reasons, measures, volumeZ, correlation, correlationZ, outside, outsideZ }) => ({
      participant_id: session.participantId,
      session_id: session.sessionId,
      diagnosis: session.diagnosis,
      verdict,
      reasons: reasons.join('; '),
      maximum: decimals(measures?.maximum, 4),
      minimum: decimals(measures?.minimum, 4),
      nan_share: decimals(measures?.nanShare, 4),
      above_one_share: decimals(measures?.aboveOneShare, 4),
      gray_matter_ml: decimals(measures?.grayMatter, 1),
      volume_z: decimals(volumeZ, 2),
      correlation: decimals(correlation, 4),
      correlation_z: decimals(correlationZ, 2),
      outside_share: decimals(outside, 4),
      outside_z: decimals(outsideZ, 2),
      path: path.relative(path.resolve(out), session.path),
    }),
  );
  return formatTable(columns, rows);
}

function decimals(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined ? 'n/a' : value.toFixed(digits);
}
