import type { BenchReport } from './report.ts';

/** A line of a bench that has an old and a new time. */
export interface Moved {
  readonly what: string;
  readonly before: number;
  readonly after: number;
  /** before / after: above 1 it became faster */
  readonly ratio: number;
}

/** What both reports timed, and how it moved; the largest changes first. */
export function compareReports(before: BenchReport, after: BenchReport): Moved[] {
  const old = times(before);
  return [...times(after)]
    .filter(([what]) => old.has(what))
    .map(([what, seconds]) => ({
      what,
      before: old.get(what)!,
      after: seconds,
      ratio: old.get(what)! / seconds,
    }))
    .sort((a, b) => Math.abs(Math.log(b.ratio)) - Math.abs(Math.log(a.ratio)));
}

function times({ kernels, steps, scaling, peers }: BenchReport): Map<string, number> {
  const all = new Map<string, number>();
  for (const { work, kernel, shape, seconds } of kernels) all.set(`${work}: ${kernel} ${shape}`, seconds);
  for (const { work, shape, batch, seconds } of [...steps, ...scaling])
    if (seconds !== null) all.set(`${work}, ${shape.join(' x ')}, batch ${batch}`, seconds);
  for (const { peer, what, shape, batch, seconds } of peers)
    if (seconds !== null) all.set(`${peer}: ${what}, ${shape}, batch ${batch}`, seconds);
  return all;
}
