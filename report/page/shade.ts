/** Colours of a cell by its value in [0, 1]: from pale to deep blue, dark ink on pale and light on deep; none without a value. */
export function shadeOf(value: number | null): { background: string; ink: string } {
  if (value === null || Number.isNaN(value)) return { background: '#dddad5', ink: '#20242a' };
  const at = Math.max(0, Math.min(1, value));
  const between = (c: number) => Math.round(pale[c] + at * (deep[c] - pale[c]));
  return {
    background: `rgb(${between(0)},${between(1)},${between(2)})`,
    ink: at > 0.45 ? '#ffffff' : '#20242a',
  };
}

const pale = [240, 245, 249];
const deep = [8, 56, 110];
