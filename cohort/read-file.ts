import { type Stats, statSync } from 'node:fs';
import { readBounded } from './bounded-file.ts';
import { bounds } from './bounds.ts';
import { InputError } from './error.ts';
import { readError } from './system-error.ts';

/** What a file may hold. */
export interface ReadLimit {
  /** bytes at most */
  readonly most: number;
  /** what the file should be, for the message: "a table" */
  readonly kind: string;
}

const plainLimit: ReadLimit = { most: bounds.modelBytes, kind: 'a file' };

/**
 * The content of a file that the user named. Folders, devices and pipes are refused, since reading one may never end. A
 * pipe that the shell itself made, as by `<(...)`, is read where `pipes` allows it.
 *
 * @throws InputError when it is no file, is larger than it may be, or cannot be read
 */
export function readInput(file: string, limit = plainLimit, { pipes = false } = {}): Buffer {
  requireFile(file, pipes);
  try {
    return readBounded(file, limit.most, limit.kind);
  } catch (error) {
    throw readError(file, error);
  }
}

/** @throws InputError unless the path leads to a file, as `readInput` takes them */
export function requireFile(file: string, pipes = false): void {
  let found: Stats;
  try {
    found = statSync(file);
  } catch (error) {
    throw readError(file, error);
  }
  if (found.isFile() || (pipes && found.isFIFO() && ofShell.test(file))) return;
  throw new InputError(file, `is ${kindOf(found)}`, 'Give the path of a file');
}

/** @param fix what folder to give @throws InputError unless the path leads to a folder */
export function requireFolder(folder: string, fix: string): void {
  let found: Stats;
  try {
    found = statSync(folder);
  } catch (error) {
    const known = readError(folder, error);
    throw known instanceof InputError ? new InputError(folder, known.what, fix) : error;
  }
  if (!found.isDirectory()) throw new InputError(folder, `is ${kindOf(found)}, not a folder`, fix);
}

function kindOf(found: Stats): string {
  if (found.isFile()) return 'a file';
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a pipe';
  return found.isSocket() ? 'a socket' : 'a device';
}

const ofShell = /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/** As `readInput`, as text. @throws InputError also when it is not UTF-8 */
export function readInputText(file: string, fix: string, limit?: ReadLimit): string {
  return inputText(file, readInput(file, limit, { pipes: true }), fix);
}

/** Bytes of a file as text. @throws InputError when they are not UTF-8 */
export function inputText(file: string, bytes: Uint8Array, fix: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Said below.
  }
  throw new InputError(file, 'is not text in UTF-8', fix);
}

/** As `readInput`, as a JSON object. @param fix what file to give @throws InputError also when it is none */
export function readInputJson(file: string, fix: string): Readonly<Record<string, unknown>> {
  const text = readInputText(file, fix, { most: bounds.jsonBytes, kind: 'such a file' });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new InputError(file, `is not JSON: ${(error as Error).message}`, fix);
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content))
    return content as Readonly<Record<string, unknown>>;
  throw new InputError(file, 'is JSON, but not an object', fix);
}
