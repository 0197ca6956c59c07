/** Round numbers (1, 2 or 5 times a power of ten apart) within [low, high], about `count` of them. */
export function linearTicks(low: number, high: number, count = 6): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Powers of ten within [low, high], both positive; over less than two of them also their 2 and 5 times. */
export function logTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const factors = last - first > 3 ? [1] : [1, 2, 5];
  const every = Math.max(1, Math.ceil((last - first) / 8));
  const ticks: number[] = [];
  for (let exponent = first; exponent <= last; exponent++) {
    if ((exponent - first) % every !== 0) continue;
    for (const factor of factors) ticks.push(Number(`${factor}e${exponent}`));
  }
  return ticks.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
}

/** A tick's label: plain from 0.001 to 99999, else like 1e-6. */
export function tickLabel(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-3 && size < 1e5)) return String(Number(value.toPrecision(6)));
  return value.toExponential().replace('e+', 'e');
}
