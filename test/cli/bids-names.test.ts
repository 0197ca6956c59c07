import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DatasetLinks } from '../../cli/jobs/bids-uris.ts';
import { derivativePaths, sessionFolder } from '../../cli/jobs/mask-derivatives.ts';
import { refuseLongNames } from '../../cohort/output/names.ts';

describe('names of derivatives', () => {
  it('contain letters and digits, and never nothing', () => {
    expect(sessionFolder('sub-AD_001', 'ses-M00')).toBe(path.join('sub-AD001', 'ses-M00'));
    expect(sessionFolder('01', '')).toBe('sub-01');
    expect(() => sessionFolder('sub-受试者', 'ses-M00')).toThrow(/participant "sub-受试者".*from A to Z/);
    expect(() => sessionFolder('sub-__', '')).toThrow(/participant "sub-__"/);
    expect(() => sessionFolder('sub-01', 'Исх')).toThrow(/session "Исх"/);
    const group = { of: { className: 'БА' }, sources: ['a.nii'] };
    expect(() => derivativePaths('out', group)).toThrow(/class "БА"/);
  });

  it('are refused where no file system takes them, in bytes', () => {
    refuseLongNames([`out/${'a'.repeat(255)}/b`]);
    const long = `out/${'a'.repeat(256)}/b`;
    expect(() => refuseLongNames(['out/b', long])).toThrow(
      /the name has 256 bytes, and file systems allow 255/,
    );
    expect(() => refuseLongNames([`out/${'é'.repeat(128)}`])).toThrow(/256 bytes/);
    expect(() => refuseLongNames([`out${'/abcdefghi'.repeat(410)}`])).toThrow(/the path has 4\d\d\d bytes/);
  });
});

describe('BIDS URIs', () => {
  it('name the data set that a file belongs to, which a relative link leads to', () => {
    const caps = '/data/caps/subjects/sub-01/ses-M00/t1/map.nii.gz';
    const bids = '/data/fmri prep/sub-01/anat/sub-01_label-GM_probseg.nii.gz';
    const plain = '/data/maps/a b.nii.gz';
    const links = new DatasetLinks('/data/results/masks', [caps, bids, plain]);
    expect(links.links).toEqual({ caps: '../../caps', fmriprep: '../../fmri prep', maps: '../../maps' });
    expect([caps, bids, plain, '/data/results/masks/sub-01/x.nii.gz'].map((file) => links.of(file))).toEqual([
      'bids:caps:subjects/sub-01/ses-M00/t1/map.nii.gz',
      'bids:fmriprep:sub-01/anat/sub-01_label-GM_probseg.nii.gz',
      'bids:maps:a%20b.nii.gz',
      'bids::sub-01/x.nii.gz',
    ]);
  });

  it('tell apart folders of one name, whatever the order of the files', () => {
    const files = ['/a/maps/1.nii', '/b/maps/1.nii'];
    const [one, other] = [files, [...files].reverse()].map((all) => new DatasetLinks('/out', all));
    expect(new Set(files.map((file) => one.of(file))).size).toBe(2);
    expect(files.map((file) => other.of(file))).toEqual(files.map((file) => one.of(file)));
    expect(other.links).toEqual(one.links);
  });
});
