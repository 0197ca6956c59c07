import { readFileSync, statSync } from 'node:fs';
import { InputError } from './error.ts';
import { readError } from './system-error.ts';

/**
 * The content of a file that the user named. Folders, devices and pipes are refused, since reading one may never end. A
 * pipe that the shell itself made, as by `<(...)`, is read where `pipes` allows it.
 *
 * @throws InputError when it is no file or cannot be read
 */
export function readInput(file: string, { pipes = false } = {}): Buffer {
  requireFile(file, pipes);
  try {
    return readFileSync(file);
  } catch (error) {
    throw readError(file, error);
  }
}

/** @throws InputError unless the path leads to a file, as `readInput` takes them */
export function requireFile(file: string, pipes = false): void {
  let found: ReturnType<typeof statSync>;
  try {
    found = statSync(file);
  } catch (error) {
    throw readError(file, error);
  }
  if (found.isFile() || (pipes && found.isFIFO() && ofShell.test(file))) return;
  const kind = found.isDirectory()
    ? 'is a folder'
    : found.isFIFO()
      ? 'is a pipe'
      : found.isSocket()
        ? 'is a socket'
        : 'is a device';
  throw new InputError(file, kind, 'Give the path of a file');
}

const ofShell = /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/** As `readInput`, as text. @throws InputError also when it is not UTF-8 */
export function readInputText(file: string, fix: string): string {
  const bytes = readInput(file, { pipes: true });
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
  const text = readInputText(file, fix);
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
