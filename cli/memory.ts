import { limitImages } from '../model/image-memory.ts';
import { UsageError } from './fail.ts';

const units = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** Bytes of a size such as 2GB, 512MB or 1.5GiB. @throws UsageError for what is no such size */
export function parseSize(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-z]+)$/i.exec(text.trim());
  const unit = match && units[match[2].toUpperCase() as keyof typeof units];
  const bytes = unit ? Math.floor(Number(match[1]) * unit) : 0;
  if (bytes > 0) return bytes;
  throw new UsageError(`--${option} takes a size with its unit, as 2GB or 512MB, not "${text}"`);
}

/** Environment variable that sets the size where no option does; the commands that a study runs get it so. */
export const MEMORY_VARIABLE = 'VOXMASK_MEMORY';

/** The option of commands that hold images; run.ts applies it before a command begins. */
export const memoryOption = {
  type: 'string',
  requiresArg: true,
  describe:
    "Decoded images held in memory at most, as 2GB or 512MB; GPU memory, which is the machine's own on a software adapter, comes on top; else $VOXMASK_MEMORY  [default: a quarter of the machine's memory, 4GiB at most]",
  coerce: (text: string | undefined) => (text === undefined ? undefined : parseSize(text, 'memory')),
} as const;

/**
 * Limits the memory for images of this process, and of the processes that it starts.
 *
 * @param bytes value of `--memory`; undefined for the environment's
 * @throws UsageError when the environment's is no size
 */
export function limitMemory(bytes: number | undefined): void {
  const said = process.env[MEMORY_VARIABLE];
  if (bytes !== undefined) process.env[MEMORY_VARIABLE] = `${bytes}B`;
  limitImages(bytes ?? (said ? parseSize(said, `memory ($${MEMORY_VARIABLE})`) : undefined));
}
