import { type UnzipFileInfo, unzipSync } from 'fflate';
import { sizeText } from '../../cohort/bounded-file.ts';
import { InputError } from '../../cohort/error.ts';

export type ArchiveLimits = Readonly<Record<'archiveEntries', number>>;

/** A zip archive in memory, whose files are unpacked only when they are asked for. */
export interface Archive {
  /** bytes of each file once unpacked, as the archive's directory has it, by name */
  readonly entries: ReadonlyMap<string, number>;
  /**
   * Unpacks these files; those that the archive does not hold are left out.
   *
   * @param most bytes that they may unpack to, together; each takes no more than the directory says
   * @throws what `fault` makes when they are larger or damaged
   */
  read(names: readonly string[], most: number): Record<string, Uint8Array>;
}

/**
 * Opens a zip archive; nothing is unpacked yet.
 *
 * @param fault the error for a reason
 * @throws what `fault` makes when it is no archive, or holds too many files
 */
export function openArchive(
  file: Uint8Array,
  { archiveEntries }: ArchiveLimits,
  fault: (why: string) => InputError,
): Archive {
  const entries = new Map<string, number>();
  let count = 0;
  select(({ name, originalSize }) => {
    entries.set(name, originalSize);
    // The directory's own count may be a lie, and is what the loop runs over.
    if (++count > archiveEntries) throw fault(`it holds more than ${archiveEntries} files`);
    return false;
  });
  return {
    entries,
    read(names, most) {
      const wanted = new Set(names);
      let total = 0;
      return select(({ name, size, originalSize }) => {
        if (!wanted.has(name)) return false;
        total += Math.max(size, originalSize); // of a file that is not packed, its size is what is copied
        if (total > most)
          throw fault(`what is needed of it unpacks to more than ${sizeText(most)}, which no network does`);
        return true;
      });
    },
  };

  function select(filter: (entry: UnzipFileInfo) => boolean) {
    try {
      return unzipSync(file, { filter });
    } catch (error) {
      if (error instanceof InputError) throw error;
      const { message } = error as Error;
      const damaged = 'its archive is damaged or cut short, so copy it again';
      throw fault(file[0] === 0x80 ? "it has PyTorch's old format" : /zip/.test(message) ? damaged : message);
    }
  }
}
