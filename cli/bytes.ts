const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** An amount of memory or disk for people, in powers of 1024: "512 B", "1.4 GiB", "32 GiB". */
export function formatBytes(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  // Compared as it will be printed, so that nothing reads "1024 MiB".
  while (unit < units.length - 1 && Number(rounded(amount, unit)) >= 1024) {
    amount /= 1024;
    unit++;
  }
  return `${rounded(amount, unit)} ${units[unit]}`;
}

function rounded(amount: number, unit: number): string {
  return unit === 0 || amount >= 9.95 ? amount.toFixed(0) : amount.toFixed(1);
}
