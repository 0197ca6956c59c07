import { describe, expect, it } from 'vitest';
import { Diagnoses, numberOf, sexOf } from '../../cohort/spellings.ts';
import { isMissing } from '../../cohort/table.ts';

describe('Diagnoses', () => {
  const read = (cell: string, ...classes: string[]) => new Diagnoses(classes).read(cell);

  it.each([
    [
      'AD',
      'Alzheimer Disease',
      'AD dementia',
      'Demented',
      'Alzheimer\u2019s',
      "ALZHEIMER'S DISEASE",
      'probable_AD',
    ],
    ['CN', 'Controls', 'Nondemented', 'Non-Demented', 'CU', 'Healthy  Control', 'cognitively normal', 'NL'],
    ['MCI', 'EMCI', 'Late MCI', 'Mild Cognitive Impairment'],
  ])('knows usual spellings of %s', (name, ...cells) => {
    for (const cell of cells) expect(read(cell, 'CN', 'AD'), cell).toBe(name);
  });

  it('takes a class as it is named, letter case aside, before a usual spelling', () => {
    expect(read('lmci', 'EMCI', 'LMCI')).toBe('LMCI');
    expect(read('NC', 'NC', 'AD')).toBe('NC');
    expect(read('healthy', 'NC', 'AD')).toBe('CN');
  });

  it.each(['', 'n/a', 'NA', 'NaN', 'null', 'None', '-', '.', '-4', '-4.0', '-9', '<NA>', 'Unknown'])(
    'takes "%s" for missing, unless the user maps it',
    (cell) => {
      expect(read(cell, 'CN', 'AD')).toBeNull();
      if (cell !== '') expect(new Diagnoses(['CN'], new Map([[cell, 'CN']])).read(cell)).toBe('CN');
    },
  );

  it('leaves others as they are, and says which names it does not know and which mapping had no use', () => {
    const diagnoses = new Diagnoses(
      ['CN', 'AD'],
      new Map([
        ['Converted', 'ad'],
        ['Nobody', 'CN'],
      ]),
    );
    expect(['converted', 'Questionable', 'FTD'].map((cell) => diagnoses.read(cell))).toEqual([
      'AD',
      'Questionable',
      'FTD',
    ]);
    expect(['AD', 'Questionable', 'FTD', 'MCI'].map((name) => diagnoses.knows(name))).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(diagnoses.unused()).toEqual(['Nobody']);
  });

  it('counts the spellings that it took for another name', () => {
    const diagnoses = new Diagnoses(['CN', 'AD']);
    for (const cell of ['Demented', 'ad', 'Demented', 'CN']) diagnoses.read(cell);
    expect(diagnoses.notes()).toEqual(['Diagnoses are read by their usual names: "Demented" as AD (2).']);
  });
});

it('reads decimal numbers alone', () => {
  expect(['70', '70.5', '70,5', '89+', '7.05e1', '.5'].map(numberOf)).toEqual([
    70, 70.5, 70.5, 89, 70.5, 0.5,
  ]);
  for (const cell of ['0x4A', '0b11', '70 y', 'Infinity', 'old', '7,0,5', '+'])
    expect(numberOf(cell)).toBeNaN();
  for (const cell of ['NA', '.', '-4', 'null']) expect(numberOf(cell)).toBeNull();
});

it('reads sex, of which a third is known and others are not', () => {
  expect(['f', 'Male', 'O', 'other', 'NA', '-4', '2'].map(sexOf)).toEqual([
    ...['F', 'M', 'other', 'other', null, null, undefined],
  ]);
});

it('takes -4 for missing in clinical columns alone', () => {
  expect(isMissing('-4')).toBe(false);
  expect(['NA', '-', 'null', '.', 'nan'].every(isMissing)).toBe(true);
});
