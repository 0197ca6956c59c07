import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const ending = '(_space-[A-Za-z0-9+]+)?(_desc-[A-Za-z0-9+]+)?_(probseg|mask)\\.(nii\\.gz|json)$';
const subject = new RegExp(`^(sub-[A-Za-z0-9+]+)/((ses-[A-Za-z0-9+]+)/)?anat/\\1(_\\3)?${ending}`);
const template = new RegExp(`^(tpl-[A-Za-z0-9+]+)/((cohort-[A-Za-z0-9+]+)/)?anat/\\1(_\\3)?${ending}`);

/**
 * What a validator of BIDS 1.11 would hold against a folder of masks: the rules of its schema for probseg and mask
 * (entities in order, folders, sidecars), and whether each BIDS URI leads to a file.
 */
export function bidsFaults(folder: string): string[] {
  const description = json(path.join(folder, 'dataset_description.json'));
  const links = description.DatasetLinks as Record<string, string>;
  const faults: string[] = [];
  const require = (holds: boolean, what: string) => {
    if (!holds) faults.push(what);
  };
  require(description.DatasetType === 'derivative', 'DatasetType');
  require(/^1\.(1[1-9]|[2-9]\d)\./.test(`${description.BIDSVersion}`), `version ${description.BIDSVersion}`);
  for (const link of Object.values(links)) require(!path.isAbsolute(link), `${link} is absolute`);
  const ignored = readFileSync(path.join(folder, '.bidsignore'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(globOf);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(path.join(folder, name)).isFile() && name !== 'dataset_description.json')
    .filter((name) => !/(^|\/)\./.test(name) && !ignored.some((glob) => glob.test(name)));
  require(files.some((name) => name.endsWith('_probseg.nii.gz')), 'no derivative');
  for (const name of files) require(subject.test(name) || template.test(name), `name ${name}`);
  for (const name of files.filter((file) => file.endsWith('.nii.gz'))) {
    const sidecar = json(path.join(folder, name.replace('.nii.gz', '.json')));
    require(typeof sidecar.Description === 'string', `${name}: Description`);
    require(!name.endsWith('_mask.nii.gz') || sidecar.Type === 'ROI', `${name}: Type`);
    for (const uri of [sidecar.SpatialReference, ...(sidecar.Sources as string[])].map(String)) {
      const [, link, within] = /^bids:([A-Za-z0-9-]*):([^/].*)$/.exec(uri) ?? [];
      const root = link === '' ? '.' : links[link];
      const leads = root !== undefined && existsSync(path.resolve(folder, root, decodeURIComponent(within)));
      require(leads, `${name}: ${uri} leads to no file`);
    }
  }
  return faults;
}

/** A line of .bidsignore, as gitignore has it. */
function globOf(line: string): RegExp {
  const parts = line.split('**/').map((part) => part.replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*'));
  return new RegExp(`^${parts.join('(.*/)?')}($|/)`);
}

function json(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8'));
}
