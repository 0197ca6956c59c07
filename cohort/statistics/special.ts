/** Terms at most; far more than any of the sums below needs for arguments of a test on thousands of participants. */
const MOST_TERMS = 100_000;
const PRECISION = 1e-16;
const TINY = 1e-300; // stands for a denominator of 0 in Lentz's continued fractions

/** Lanczos' coefficients for g = 7, n = 9 (Godfrey's table): log gamma to 15 digits. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** The logarithm of the gamma function, x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  const base = z + 7.5;
  const sum = lanczos.slice(1).reduce((total, c, i) => total + c / (z + i + 1), lanczos[0]);
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(base) - base + Math.log(sum);
}

/**
 * The regularised incomplete beta function I_x(a, b), by its continued fraction (Abramowitz and Stegun 26.5.8).
 *
 * @param x 0 to 1
 * @param y 1 - x, which the caller may know to more digits than the difference has
 */
export function betaIncomplete(x: number, a: number, b: number, y = 1 - x): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const front = Math.exp(a * Math.log(x) + b * Math.log(y) - logBeta(a, b));
  // The fraction converges fast on one side of the mean only; the other side is its mirror.
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(x, a, b)) / a;
  return 1 - (front * betaFraction(y, b, a)) / b;
}

/** The upper tail of the regularised incomplete gamma function, Q(a, x) = 1 - P(a, x), a > 0, x >= 0. */
export function gammaUpper(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? 1 - front * gammaSeries(a, x) : front * gammaFraction(a, x);
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Abramowitz and Stegun 26.5.8, by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  return lentz((n) => {
    const m = Math.floor(n / 2);
    if (n === 0) return [1, 1];
    const numerator =
      n % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    return [numerator, 1];
  });
}

/** Abramowitz and Stegun 6.5.31, in its even form, by Lentz's method. */
function gammaFraction(a: number, x: number): number {
  return lentz((n) => [n === 0 ? 1 : -n * (n - a), x + 2 * n + 1 - a]);
}

/** Sum of x^n / (a (a + 1) ... (a + n)). */
function gammaSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MOST_TERMS && term > sum * PRECISION; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** The continued fraction a0 / (b0 + a1 / (b1 + ...)); `part` gives the pair of index n. */
function lentz(part: (n: number) => readonly [numerator: number, denominator: number]): number {
  const [first, base] = part(0);
  let c = base === 0 ? TINY : base;
  let d = 0;
  let value = c;
  for (let n = 1; n < MOST_TERMS; n++) {
    const [numerator, denominator] = part(n);
    d = denominator + numerator * d;
    d = 1 / (d === 0 ? TINY : d);
    c = denominator + numerator / c;
    if (c === 0) c = TINY;
    const step = c * d;
    value *= step;
    if (Math.abs(step - 1) < PRECISION) break;
  }
  return first / value;
}
