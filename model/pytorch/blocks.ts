import { InputError } from '../../cohort/error.ts';
import { clipped } from '../../cohort/listed.ts';
import { inputsOf, type Layer, outputsOf } from './layers.ts';

/** How convolutions fall into blocks, and how that is known. */
export interface Blocks {
  readonly counts: readonly number[];
  readonly from: 'option' | 'names' | 'channels';
}

/**
 * Sub-blocks of each block: as they are given, else by names such as `conv0.3`, which the authors' toolkit and voxmask use,
 * else by channels: those that keep their channels go on, one that changes them ends the block.
 *
 * @param given --sub-blocks, or null
 * @throws InputError when they do not add up to the convolutions, contradict the names, or nothing tells them
 */
export function blocksOf(
  convolutions: readonly Layer[],
  given: readonly number[] | null,
  where: string,
): Blocks {
  const named = countsByName(convolutions);
  if (given === null)
    return named
      ? { counts: named, from: 'names' }
      : { counts: countsByChannels(convolutions, where), from: 'channels' };
  const sum = given.reduce((total, count) => total + count, 0);
  if (sum !== convolutions.length) {
    throw new InputError(
      where,
      `has ${convolutions.length} convolutions, and --sub-blocks ${sum}`,
      'Give --sub-blocks one number per block that add up to them',
    );
  }
  if (named && named.join() !== given.join()) {
    throw new InputError(
      where,
      `its names say blocks of ${named.join(', ')} convolutions, and --sub-blocks ${given.join(', ')}`,
      'Leave --sub-blocks out',
    );
  }
  return { counts: given, from: 'option' };
}

/** Every convolution is `conv{block}.{module}`, the blocks count from 0, and each one's follow one another. */
function countsByName(convolutions: readonly Layer[]): number[] | null {
  const counts: number[] = [];
  for (const { name } of convolutions) {
    const block = /(?:^|\.)conv(\d+)\.\d+$/.exec(name)?.[1];
    if (block === undefined) return null;
    if (Number(block) === counts.length) counts.push(1);
    else if (Number(block) === counts.length - 1) counts[counts.length - 1]++;
    else return null;
  }
  return counts.length > 0 ? counts : null;
}

function countsByChannels(convolutions: readonly Layer[], where: string): number[] {
  const counts: number[] = [];
  let current = 0;
  convolutions.forEach((layer, i) => {
    current++;
    if (outputsOf(layer) === inputsOf(layer) && i > 0) return;
    counts.push(current);
    current = 0;
  });
  if (current === 0) return counts;
  const last = convolutions[convolutions.length - current];
  throw new InputError(
    where,
    `convolution ${clipped(last.name)} keeps its channels and no later one changes them, so the blocks cannot be told`,
    'Give the sub-blocks of each block with --sub-blocks',
  );
}
