import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { OutputFolder } from '../../cohort/output/folder.ts';
import { writeError } from '../../cohort/system-error.ts';
import type { MaskedProbabilities } from '../../masking/comparison.ts';
import type { NetworkGroup } from './compare-networks.ts';
import type { MaskReading } from './mask-volumes.ts';

const name = 'prob-cnn.jsonl';

/**
 * What networks have said of masks so far, kept among the results folder's records while a comparison runs, so that the same command goes
 * on after an interruption or a kill. A line per network and mask; the first one says what all this follows from, and where
 * that is something else, everything starts anew.
 */
export class CompareProgress {
  private readonly file: string;
  /** the first line while it is not written: a comparison that is refused before it has asked anything leaves nothing */
  private heading = '';
  private readonly known = new Map<string, MaskedProbabilities[]>();

  constructor(
    folder: OutputFolder,
    files: readonly string[],
    groups: readonly NetworkGroup[],
    reading: MaskReading,
  ) {
    this.file = folder.record(name);
    const identity = identityOf(files, groups, reading);
    const [first, ...lines] = existsSync(this.file) ? readFileSync(this.file, 'utf8').split('\n') : [];
    if (first !== identity) {
      this.heading = `${identity}\n`;
      return;
    }
    for (const line of lines) {
      try {
        const { group, mask, cells } = JSON.parse(line);
        this.known.set(`${group} ${mask}`, cells);
      } catch {
        // the end, or the line that a kill cut short
      }
    }
    // A cut line must not swallow the next one.
    if (lines.at(-1)) this.change(() => appendFileSync(this.file, '\n'));
  }

  /** What a network said of a mask, by their places; undefined where it has not been asked. */
  of(group: number, mask: number): MaskedProbabilities[] | undefined {
    return this.known.get(`${group} ${mask}`);
  }

  add(group: number, mask: number, cells: readonly MaskedProbabilities[]): void {
    const line = `${JSON.stringify({ group, mask, cells })}\n`;
    if (this.heading === '') this.change(() => appendFileSync(this.file, line));
    else this.change(() => writeFileSync(this.file, this.heading + line));
    this.heading = '';
  }

  /** Called when the results are written. */
  remove(): void {
    this.change(() => rmSync(this.file, { force: true }));
  }

  private change(how: () => void): void {
    try {
      how();
    } catch (error) {
      throw writeError(this.file, error);
    }
  }
}

function identityOf(files: readonly string[], groups: readonly NetworkGroup[], reading: MaskReading): string {
  const stamp = (file: string) => {
    const { size, mtimeMs } = statSync(file);
    return [path.resolve(file), size, mtimeMs];
  };
  const hash = createHash('sha256');
  const networks = groups.map(({ file, classIndex, members }) => [
    stamp(file),
    classIndex,
    members.map(({ place, sessions }) => [place, sessions.map((session) => stamp(session.path))]),
  ]);
  hash.update(JSON.stringify([reading.raw, reading.occlusion, files.map(stamp), networks]));
  for (const { mu } of groups) {
    if (typeof mu === 'number') hash.update(String(mu));
    else if (mu instanceof Float32Array) hash.update(new Uint8Array(mu.buffer, mu.byteOffset, mu.byteLength));
    else hash.update(JSON.stringify([...mu].map(([image, its]) => [image, stamp(its)])));
  }
  return hash.digest('hex');
}
