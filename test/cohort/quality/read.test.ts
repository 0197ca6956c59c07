import { expect, it } from 'vitest';
import { readEach } from '../../../cohort/quality/read.ts';
import { describeNotes, forgetReadings } from '../../../cohort/reading-notes.ts';
import { plain, put, rawFile, temporaryFolder } from '../raw-nifti.ts';

const folder = temporaryFolder();

it('reading images for their quality notes what was taken for granted about their values', async () => {
  const files = {
    'nan.nii': plain.values!.map((_, i) => (i === 0 ? Number.NaN : 0.5)),
    'wide.nii': plain.values!,
    'map.nii': plain.values!.map((value) => value / 23),
  };
  const sessions = Object.entries(files).map(([name, values]) => ({
    ...{ participantId: name, sessionId: 'M0', diagnosis: 'CN', line: 2 },
    ...{ age: null, sex: null, mmse: null, cdr: null },
    path: put(folder, name, rawFile({ ...plain, values })),
  }));
  forgetReadings();
  let read = 0;
  for await (const one of readEach(sessions)) read += 'image' in one ? 1 : 0;
  expect(read).toBe(3);
  expect(describeNotes().split('\n').sort()).toEqual([
    '',
    expect.stringMatching(/nan\.nii \(1 voxel\): NaN voxels, read as 0$/),
    expect.stringMatching(/wide\.nii: values beyond 0 to 1/),
  ]);
});
