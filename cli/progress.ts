import { onOneLine, printable } from '../report/printable.ts';
import { formatDuration } from './duration.ts';
import { writeControls } from './terminal.ts';

/** The part of a terminal or a log file that progress writes to. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressOptions {
  /** Shows nothing at all. */
  readonly quiet?: boolean | undefined;
  /** Standard error when not given; never standard output, which carries results only. */
  readonly stream?: ProgressStream | undefined;
  /** A clock in seconds. */
  readonly now?: (() => number) | undefined;
}

const redrawEvery = 0.1; // s
const lineApart = 3; // s
const lineAtLeastEvery = 60; // s
const rateWindow = 30; // s

/**
 * Shows how far a long piece of work is: on a terminal a bar that redraws itself, elsewhere (a log file, a batch
 * job) a plain line at every tenth of the work, three seconds apart or more, and once a minute.
 */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #quiet: boolean;
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  readonly #start: number;
  /** Recent (time, done) pairs: the estimate follows the speed of the last half minute. */
  #recent: [time: number, done: number][];
  #drawn = Number.NEGATIVE_INFINITY;
  #linedDone = 0;
  #done = 0;
  #note = '';
  #onScreen = false;
  #finished = false;

  /** @param total how many steps make the whole; 0 when that is not known */
  constructor(label: string, total: number, options: ProgressOptions = {}) {
    this.#label = onOneLine(label);
    this.#total = total;
    this.#quiet = options.quiet ?? false;
    this.#stream = options.stream ?? process.stderr;
    this.#now = options.now ?? (() => performance.now() / 1000);
    this.#start = this.#now();
    this.#recent = [[this.#start, 0]];
    if (!this.#stream.isTTY) this.#drawn = this.#start;
    this.#show(false);
  }

  /** @param done steps finished so far; @param note shown behind the numbers, as "loss 0.312" */
  update(done: number, note = this.#note): void {
    this.#done = done;
    this.#note = onOneLine(note);
    const now = this.#now();
    if (now - this.#recent[this.#recent.length - 1][0] >= redrawEvery) this.#recent.push([now, done]);
    // One pair older than the window stays, so that a step longer than the window still gives a speed.
    while (this.#recent.length > 2 && this.#recent[1][0] < now - rateWindow) this.#recent.shift();
    this.#show(false);
  }

  /** Counts what was not done now, as the results of an earlier run: the estimate leaves it out. */
  skip(done: number): void {
    for (const pair of this.#recent) pair[1] += done - this.#done;
    this.#done = done;
    this.#show(false);
  }

  /** Writes a line of its own, as a warning, without tearing the bar. */
  log(line: string): void {
    if (this.#quiet) return;
    this.#clear();
    this.#stream.write(`${printable(line)}\n`);
    if (this.#stream.isTTY && !this.#finished) this.#draw();
  }

  /** Shows the last state and the time it took; further calls do nothing. */
  finish(note = this.#note): void {
    if (this.#finished) return;
    this.#note = onOneLine(note);
    this.#finished = true;
    this.#show(true);
  }

  #show(last: boolean): void {
    if (this.#quiet) return;
    const now = this.#now();
    const since = now - this.#drawn;
    if (this.#stream.isTTY) {
      if (!last && since < redrawEvery) return;
      this.#drawn = now;
      this.#draw();
      if (last) this.#stream.write('\n');
    } else {
      const tenth = this.#total > 0 && this.#done - this.#linedDone >= this.#total / 10;
      if (!last && !(tenth && since >= lineApart) && since < lineAtLeastEvery) return;
      this.#drawn = now;
      this.#linedDone = this.#done;
      this.#stream.write(`${this.#label}: ${this.#state().join(', ')}\n`);
    }
  }

  #draw(): void {
    // Some terminals know no width and say 0.
    const columns = this.#stream.columns || 80;
    const state = this.#state().join('  ');
    const room = Math.min(30, columns - this.#label.length - state.length - 6);
    const bar = this.#total > 0 && room >= 8 ? ` ${this.#bar(room)}` : '';
    // The last column stays free: writing it would wrap the line on some terminals.
    const text = `${this.#label}${bar}  ${state}`.slice(0, columns - 1);
    writeControls(this.#stream, `\r\x1b[2K${text}`);
    this.#onScreen = true;
  }

  #clear(): void {
    if (this.#onScreen) writeControls(this.#stream, '\r\x1b[2K');
    this.#onScreen = false;
  }

  #bar(width: number): string {
    const full = Math.round(width * Math.min(1, this.#done / this.#total));
    return `[${'#'.repeat(full)}${'-'.repeat(width - full)}]`;
  }

  #state(): string[] {
    const elapsed = this.#now() - this.#start;
    const count = this.#total > 0 ? `${this.#done}/${this.#total}` : `${this.#done}`;
    const share = this.#total > 0 ? [`${Math.floor((100 * this.#done) / this.#total)} %`] : [];
    const remaining = this.#finished ? undefined : this.#remaining();
    const left = remaining === undefined ? [] : [`about ${formatDuration(remaining)} left`];
    return [...share, count, formatDuration(elapsed), ...left, ...(this.#note ? [this.#note] : [])];
  }

  /** Seconds left at the recent speed; undefined before anything is known. */
  #remaining(): number | undefined {
    const [time, done] = this.#recent[0];
    const progressed = this.#done - done;
    if (this.#total <= this.#done || progressed <= 0) return undefined;
    return ((this.#total - this.#done) * (this.#now() - time)) / progressed;
  }
}
