import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { writeVolume } from '../../cohort/nifti.ts';
import { recordsName } from '../../cohort/output/folder.ts';
import type { Grid, Storage } from '../../cohort/volume.ts';
import { THRESHOLD } from '../../masking/threshold.ts';
import { versions } from '../versions.ts';
import { requireLabel } from './bids-names.ts';
import type { DatasetLinks } from './bids-uris.ts';

/*
 * Masks as derivatives of BIDS: beside the method's m, the same said as tools of that world expect it. A map is named
 * probseg and holds 1 - m, so that more is where the network looked; a mask is binary.
 */

/** What a mask's derivatives are made from. */
export interface Derivative {
  /** of one session, or of a group of a class */
  readonly of: { readonly participant: string; readonly session: string } | { readonly className: string };
  readonly mask: Float32Array;
  readonly grid: Grid;
  readonly storage: Storage;
  /** the images that it was made from */
  readonly sources: readonly string[];
  /** of the data set, for the URIs of the sources */
  readonly links: DatasetLinks;
  /** the network, the class that it hides and the options, for the sidecars */
  readonly made: {
    readonly model: { readonly path: string; readonly digest: string };
    readonly [option: string]: unknown;
  };
}

export interface DerivativePaths {
  readonly probseg: string;
  readonly occluded: string;
}

/**
 * The folder of a session below the folder of the results.
 *
 * @param session empty where there are no sessions
 * @throws InputError for names of which BIDS leaves nothing
 */
export function sessionFolder(participant: string, session: string): string {
  return path.join(...sessionParts({ participant, session }));
}

/** Where a mask's derivatives lie below the folder of the results. */
export function derivativePaths(
  out: string,
  { of, sources }: Pick<Derivative, 'of' | 'sources'>,
): DerivativePaths {
  const space = spaceOf(sources[0]);
  const [folder, entities] =
    'className' in of
      ? groupNames(space ?? 'study', requireLabel(of.className, 'class'))
      : [sessionFolder(of.participant, of.session), sessionEntities(of, space)];
  const place = (suffix: string) => path.join(out, folder, 'anat', `${entities}_${suffix}.nii.gz`);
  return { probseg: place('desc-occlusion_probseg'), occluded: place('desc-occluded_mask') };
}

/** Writes 1 - m, the binary mask of m at or below 0.95, and a sidecar of each. The same content gives the same bytes. */
export function writeDerivatives(out: string, derivative: Derivative): DerivativePaths {
  const paths = derivativePaths(out, derivative);
  const { mask, sources, links, made } = derivative;
  const { model, ...rest } = made;
  const uri = (file: string) => links.of(file);
  // Relative, so that no sidecar says where on whose machine the network is.
  const modelPath = path.relative(path.resolve(path.dirname(paths.probseg)), path.resolve(model.path));
  const common = {
    Sources: sources.map(uri),
    SpatialReference: uri(sources[0]),
    Model: { Path: modelPath.replaceAll(path.sep, '/'), SHA256: model.digest },
    ...rest,
  };
  const occlusion = mask.map((value) => 1 - value);
  writeVolume(paths.probseg, occlusion, derivative, { description: 'voxmask: 1 - m' });
  writeJson(paths.probseg, {
    Description: '1 - m: 1 where the mask hides a voxel from the network, 0 where it leaves it as it is',
    ...common,
  });
  const occluded = mask.map((value) => Number(value <= THRESHOLD));
  writeVolume(paths.occluded, occluded, derivative, {
    datatype: 'uint8',
    description: `voxmask: m <= ${THRESHOLD}`,
  });
  writeJson(paths.occluded, {
    Description: `1 where m is at or below ${THRESHOLD}, the voxels that the thresholded mask hides`,
    Type: 'ROI',
    ...common,
    Sources: [uri(paths.probseg)], // the images are its sources, not the mask's
    Threshold: THRESHOLD,
  });
  return paths;
}

/** The files that describe a folder as a data set. */
export const datasetFiles = ['dataset_description.json', '.bidsignore'];

/** Derivatives, each with the sidecar beside it. */
export function withSidecars(paths: DerivativePaths): string[] {
  return Object.values(paths).flatMap((file: string) => [file, sidecarOf(file)]);
}

/** Marks a folder as a data set of derivatives, and says which of its files are none. */
export function describeDataset(out: string, name: string, { links }: DatasetLinks): void {
  const description = {
    Name: name,
    BIDSVersion: '1.11.0', // the first that has tpl- and cohort- (BEP 38)
    DatasetType: 'derivative',
    DatasetLinks: links,
    GeneratedBy: [{ Name: 'voxmask', Version: versions().voxmask }],
  };
  writeFileAtomic(path.join(out, 'dataset_description.json'), `${JSON.stringify(description, null, 2)}\n`);
  const others = [
    ...['mask*.nii.gz', 'mask*.json', 'mu.nii.gz', 'sessions.json'],
    ...['*.tsv', '*.png', '*.safetensors', recordsName],
  ];
  writeFileAtomic(path.join(out, '.bidsignore'), others.map((name) => `${name}\n**/${name}\n`).join(''));
}

function writeJson(volume: string, content: Readonly<Record<string, unknown>>): void {
  writeFileAtomic(sidecarOf(volume), `${JSON.stringify(content, null, 2)}\n`);
}

function sidecarOf(volume: string): string {
  return volume.replace(/\.nii\.gz$/, '.json');
}

/** The template space that an image's name tells, as BIDS spells it. */
function spaceOf(image: string): string | null {
  const [, space] = /_space-([A-Za-z0-9]+)/.exec(path.basename(image)) ?? [];
  return space ? (/^ixi549space$/i.test(space) ? 'IXI549Space' : space) : null;
}

/** As `sub-X` and, where there is one, `ses-Y`. */
function sessionParts({ participant, session }: { participant: string; session: string }): string[] {
  const parts = [`sub-${requireLabel(participant, 'participant')}`];
  if (session !== '') parts.push(`ses-${requireLabel(session, 'session')}`);
  return parts;
}

function sessionEntities(of: { participant: string; session: string }, space: string | null): string {
  const parts = sessionParts(of);
  if (space) parts.push(`space-${space}`);
  return parts.join('_');
}

function groupNames(template: string, cohort: string): [folder: string, entities: string] {
  const folder = path.join(`tpl-${template}`, `cohort-${cohort}`);
  return [folder, `tpl-${template}_cohort-${cohort}`];
}
