import { clipped } from './listed.ts';

const mostCharacters = 10_000; // of each part, whatever a file holds

/** Bad input: one message that says where, what is wrong, and what to do. The command line prints it and exits with 1. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly where: string;
  readonly what: string;
  readonly fix: string;

  /**
   * @param where the file, row, column or option at fault
   * @param what  what is wrong with it
   * @param fix   what the user can do, as a sentence without its final period
   */
  constructor(where: string, what: string, fix: string) {
    const parts = [where, what, fix].map((text) => clipped(text, mostCharacters));
    super(`${parts[0]}: ${parts[1]}. ${parts[2]}.`);
    [this.where, this.what, this.fix] = parts;
  }
}
