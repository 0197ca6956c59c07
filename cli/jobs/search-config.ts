import { z } from 'zod';
import { paperSpace, type SearchSpace } from '../../model/search-space.ts';
import { readConfig } from '../config-file.ts';
import { checkBlocks, entries, fixedEntries, subBlockList } from './train-config.ts';

/** Low end, high end. */
function range(end: z.ZodNumber | z.ZodInt, of: string) {
  return z
    .tuple([end, end])
    .refine(([low, high]: number[]) => low < high, 'takes a low end and a higher one')
    .meta({ description: of });
}

/** An entry as one value or as it is drawn. @param ranges the kinds of range that it can be drawn from */
function drawable<T extends z.ZodType, R extends z.ZodRawShape>(what: string, value: T, ranges: R) {
  const kinds = {
    choices: z.array(value).min(1).meta({ description: 'One of these, each as likely' }),
    ...ranges,
  };
  const draw = z
    .strictObject(kinds)
    .partial()
    .refine((one) => Object.keys(one).length === 1, `takes one of ${Object.keys(kinds).join(', ')}`);
  const ways = ['{ choices: [...] }', ...Object.keys(ranges).map((kind) => `{ ${kind}: [low, high] }`)];
  const error = `takes ${what}, or how it is drawn: ${ways.join(' or ')}`;
  return z.union([value, draw], { error }).optional();
}

const real = (value: z.ZodNumber) =>
  drawable('a number', value, {
    uniform: range(value, 'Every number between is as likely'),
    'log-uniform': range(value.positive(), 'Its logarithm is drawn uniformly'),
  });
const whole = (value: z.ZodInt) =>
  drawable('a whole number', value, { whole: range(value, 'A whole number from the first to the second') });
const name = <T extends string>(value: z.ZodEnum<Readonly<Record<string, T>>>) =>
  drawable(value.options.join(' or '), value, {});

/** A space of networks and trainings in YAML: what `voxmask train --config` takes, with entries that are drawn. */
export const searchSchema = z
  .strictObject({
    blocks: whole(entries.blocks),
    'first-channels': whole(entries['first-channels']),
    'channel-growth': real(entries['channel-growth']),
    'most-channels': whole(entries['most-channels']),
    channels: drawable('a list of whole numbers', entries.channels, {}),
    'sub-blocks': z
      .union([subBlockList, whole(entries['sub-blocks']).unwrap()])
      .meta({ description: 'Drawn for every block anew' })
      .optional(),
    reduction: name(entries.reduction),
    'fc-layers': whole(entries['fc-layers']),
    dropout: real(entries.dropout),
    'learning-rate': real(entries['learning-rate']),
    'weight-decay': real(entries['weight-decay']),
    'batch-size': whole(entries['batch-size']),
    smoothing: real(entries.smoothing),
    intensity: name(entries.intensity),
    sampling: name(entries.sampling),
    ...fixedEntries,
  })
  .superRefine(checkBlocks)
  .meta({ title: 'voxmask search --space', description: 'A space of networks and their trainings' });

/** The space in a file; the paper's without one. @throws InputError that lists the file's faults */
export function readSpace(file: string | null): SearchSpace {
  return file === null ? paperSpace : (readConfig(file, searchSchema) as SearchSpace);
}
