import { z } from 'zod';
import { scales } from '../../cohort/intensity.ts';
import { activations } from '../../engine/ops/convolved.ts';
import { samplings } from '../../model/order.ts';
import { type Configuration, ruleKeys } from '../../model/settings.ts';
import { readConfig } from '../config-file.ts';

const count = z.int().min(1);

/** What each entry that a search can draw may be; docs/formats.md has the table. */
export const entries = {
  blocks: count.meta({ description: 'Blocks of the network' }),
  'first-channels': count.meta({ description: 'Output channels of the first block' }),
  'channel-growth': z
    .number()
    .min(1)
    .meta({ description: 'Channels of a block over those of the block before' }),
  'most-channels': count.meta({ description: 'Channels that a block has at most' }),
  channels: z
    .array(count)
    .min(1)
    .meta({ description: 'Output channels of each block, in place of the rule' }),
  'sub-blocks': z.int().min(1).max(3).meta({ description: 'Sub-blocks of every block' }),
  reduction: z.enum(['maxpool', 'stride']).meta({ description: 'How a block halves the volume' }),
  'fc-layers': count.meta({ description: 'Fully connected layers' }),
  dropout: z.number().min(0).lt(1).meta({ description: 'Share of the features dropped in a step' }),
  'learning-rate': z.number().positive().meta({ description: "Adam's learning rate" }),
  'weight-decay': z.number().min(0).meta({ description: 'Share of a weight added to its gradient' }),
  'batch-size': count.meta({ description: 'Images in a step' }),
  smoothing: z.number().min(0).meta({ description: 'Gaussian that smooths the images, FWHM in mm' }),
  intensity: z.enum(scales).meta({ description: 'Scale of the images' }),
  sampling: z
    .enum(samplings)
    .meta({ description: 'Each session once in an epoch, or every class equally often' }),
} as const;

/** Sub-blocks one by one. */
export const subBlockList = z
  .array(entries['sub-blocks'])
  .min(1)
  .meta({ description: 'Sub-blocks of each block, 1 to 3' });

/** What no search draws. */
export const fixedEntries = {
  classes: z
    .array(z.string().min(1))
    .min(2)
    .refine((names) => new Set(names).size === names.length, 'holds a name twice')
    .meta({ description: 'Diagnoses to tell apart; the one under study last' })
    .optional(),
  epochs: count.meta({ description: 'Epochs at most' }).optional(),
  patience: count.meta({ description: 'Epochs above the lowest loss before the end' }).optional(),
  seed: z.int().min(0).meta({ description: 'Start of the random numbers' }).optional(),
  activations: z
    .enum(activations)
    .meta({
      description: 'Largest volumes until the backward pass: kept, kept in half precision, or computed again',
    })
    .optional(),
} as const;

/** The blocks are given by their channels or by the rule; lists have one number per block. */
export function checkBlocks(
  configuration: { readonly [key: string]: unknown },
  context: z.RefinementCtx,
): void {
  const { channels, blocks, 'sub-blocks': subBlocks } = configuration;
  for (const key of ruleKeys) {
    if (channels !== undefined && configuration[key] !== undefined)
      context.addIssue({
        code: 'custom',
        path: [key],
        message: 'goes without channels: give one or the other',
      });
  }
  const length = Array.isArray(channels) ? channels.length : typeof blocks === 'number' ? blocks : undefined;
  if (Array.isArray(subBlocks) && length !== undefined && subBlocks.length !== length) {
    const message = `has ${subBlocks.length} numbers for ${length} blocks`;
    context.addIssue({ code: 'custom', path: ['sub-blocks'], message });
  }
}

/** A network and its training in YAML, as `voxmask train --config` takes it. */
export const trainSchema = z
  .strictObject({
    ...z.object(entries).partial().shape,
    'sub-blocks': z.union([entries['sub-blocks'], subBlockList]).optional(),
    ...fixedEntries,
  })
  .superRefine(checkBlocks)
  .meta({ title: 'voxmask train --config', description: 'A network and its training' });

/** Reads such a file. @throws InputError that lists its faults */
export function readTrainConfig(file: string): Configuration {
  return readConfig(file, trainSchema) as Configuration;
}
