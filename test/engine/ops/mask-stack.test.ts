import fc from 'fast-check';
import { expect, it } from 'vitest';
import { classScore, scoreKinds } from '../../../engine/ops/class-score.ts';
import { maskBlend } from '../../../engine/ops/mask-blend.ts';
import { type ChoiceOptions, judgements, MaskChoice } from '../../../engine/ops/mask-choice.ts';
import { MaskStep } from '../../../engine/ops/mask-step.ts';
import { Tape } from '../../../engine/tape.ts';
import { Stopping } from '../../../masking/stopping.ts';
import * as classScoreReference from '../../reference/class-score.ts';
import * as maskBlendReference from '../../reference/mask-blend.ts';
import { map, ndArray } from '../../reference/ndarray.ts';
import {
  BACKWARD,
  expectClose,
  FORWARD,
  property,
  randomArray,
  runWithGradients,
  upload,
} from '../compare.ts';
import { testGpu } from '../gpu.ts';

const part = (data: ArrayLike<number>, size: number, i: number) =>
  Float64Array.from(data).slice(i * size, (i + 1) * size);

it('several masks blend their own images, with one mu or with a mu of each image (equation 1)', async () => {
  const gpu = await testGpu();
  const cases = fc.record({
    masks: fc.integer({ min: 2, max: 4 }),
    each: fc.integer({ min: 1, max: 3 }),
    shape: fc.tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 2, max: 9 }),
      fc.integer({ min: 2, max: 11 }),
    ),
    mus: fc.constantFrom('number', 'volume', 'own'),
    seed: fc.nat(),
  });
  await property(cases, async ({ masks, each, shape, mus, seed }) => {
    const size = shape[0] * shape[1] * shape[2];
    const m = randomArray([masks, ...shape], seed, 0.5, 0.5);
    const x = randomArray([masks * each, 1, ...shape], seed + 1);
    const dy = randomArray(x.shape, seed + 2);
    const mu = randomArray(mus === 'number' ? [1] : mus === 'volume' ? shape : x.shape, seed + 3);
    const held = upload(gpu, mu, 'mu');
    const actual = await runWithGradients(gpu, [m, x], (tape, m, x) => maskBlend(tape, m, x, held), dy);
    held.release();
    for (let k = 0; k < masks; k++) {
      const own = (array: { data: ArrayLike<number> }, count: number) => part(array.data, size * count, k);
      const background =
        mus === 'number'
          ? mu.data[0]
          : ndArray(mus === 'own' ? [each, ...shape] : shape, mus === 'own' ? own(mu, each) : mu.data);
      const images = ndArray([each, 1, ...shape], own(x, each));
      const mask = ndArray(shape, own(m, 1));
      const expected = maskBlendReference.maskBlend(mask, images, background);
      const gradient = maskBlendReference.maskBlendGrad(
        mask,
        images,
        background,
        ndArray(images.shape, own(dy, each)),
      );
      expectClose(part(actual.output, size * each, k), expected.data, FORWARD, `images of mask ${k}`);
      expectClose(part(actual.gradients[0], size, k), gradient.dm.data, BACKWARD, `gradient of mask ${k}`);
      expectClose(part(actual.gradients[1], size * each, k), gradient.dx.data, BACKWARD, 'of its images');
    }
  });
});

it('masks that move together have the bits of masks that move alone, whenever each began', async () => {
  const gpu = await testGpu();
  const cases = fc.record({
    masks: fc.integer({ min: 2, max: 4 }),
    shape: fc.tuple(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 19 }),
    ),
    mus: fc.constantFrom('number', 'volume', 'own'),
    beta2: fc.constantFrom(1, 2),
    anew: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(),
  });
  await property(cases, async ({ masks, shape, mus, beta2, anew, seed }) => {
    const before = gpu.memory().liveBuffers;
    const size = shape[0] * shape[1] * shape[2];
    const options = { lambda1: 0.5, lambda2: 0.3, beta1: 0.5, beta2, reduction: 'mean' as const };
    const all = { ...options, adam: { learningRate: 0.1 } };
    const mu = randomArray(mus === 'number' ? [1] : mus === 'volume' ? shape : [masks, ...shape], seed);
    const muOf = (k: number) => (mus === 'own' ? ndArray(shape, part(mu.data, size, k)) : mu);
    const at = (t: number, k: number) =>
      [0, 1].map((i) => randomArray([1, 1, ...shape], seed + 97 * t + 7 * k + i));
    // one of them starts anew after some steps; at the end one is given up
    const together = { mu: upload(gpu, mu, 'mu'), start: gpu.full([masks, ...shape], 1, 'masks') };
    const stack = new MaskStep(gpu, together.start, together.mu, all);
    const alone = Array.from({ length: masks }, (_, k) => {
      const own = upload(gpu, muOf(k), 'mu');
      return { mu: own, step: new MaskStep(gpu, gpu.full(shape, 1, 'mask'), own, all) };
    });
    let kept = Array.from({ length: masks }, (_, k) => k);
    for (let t = 0; t < 6; t++) {
      if (t === anew) {
        stack.restart(1);
        alone[1].step.release();
        alone[1].step = new MaskStep(gpu, gpu.full(shape, 1, 'mask'), alone[1].mu, all);
      }
      if (t === 5) {
        kept = kept.slice(1).reverse();
        const rest = new Float32Array(kept.flatMap((k) => [...muOf(k).data]));
        together.mu.release();
        together.mu = mus === 'own' ? gpu.tensor([kept.length, ...shape], rest, 'mu') : upload(gpu, mu, 'mu');
        stack.keep(kept, together.mu);
      }
      const [x, dy] = [0, 1].map((i) => {
        const values = new Float32Array(kept.flatMap((k) => [...at(t, k)[i].data]));
        return gpu.tensor([kept.length, 1, ...shape], values, 'images');
      });
      const terms = stack.step(x, dy);
      const moved = await gpu.readAll([terms, stack.mask, stack.moments]);
      for (const tensor of [x, dy, terms]) tensor.release();
      for (const [i, k] of kept.entries()) {
        const [x, dy] = at(t, k).map((array) => upload(gpu, array, 'images'));
        const terms = alone[k].step.step(x, dy);
        const expected = await gpu.readAll([terms, alone[k].step.mask, alone[k].step.moments]);
        for (const tensor of [x, dy, terms]) tensor.release();
        expected.forEach((values, which) => {
          expect(part(moved[which], values.length, i)).toEqual(Float64Array.from(values));
        });
      }
    }
    for (const { mu, step } of alone) for (const owner of [mu, step]) owner.release();
    for (const owner of [together.mu, stack]) owner.release();
    expect(gpu.memory().liveBuffers, 'buffers given back').toBe(before);
  });
});

for (const kind of scoreKinds) {
  it(`class score of each image: ${kind}`, async () => {
    const gpu = await testGpu();
    const logits = randomArray([5, 3], 11, 8);
    const upstream = randomArray([5], 12);
    const actual = await runWithGradients(
      gpu,
      [logits],
      (tape, x) => classScore(tape, x, 1, kind, 'each'),
      upstream,
    );
    for (let i = 0; i < 5; i++) {
      const row = ndArray([1, 3], part(logits.data, 3, i));
      expectClose([actual.output[i]], [classScoreReference.classScore(row, 1, kind)], FORWARD, 'score');
      const expected = map(classScoreReference.classScoreGrad(row, 1, kind), (g) => g * upstream.data[i]);
      expectClose(part(actual.gradients[0], 3, i), expected.data, BACKWARD, 'gradient', 1e-6);
    }
  });
}

/** What is kept of masks with these losses, and when they are done, said in plain loops. */
function choose(losses: readonly number[], options: ChoiceOptions) {
  const stopping = new Stopping(options);
  let kept = 0;
  for (const [t, loss] of losses.entries()) {
    if (options.keep === 'last' || loss < losses[kept]) kept = t;
    const impatient = stopping.done(loss);
    if (t === options.maxSteps) return { kept, ending: 'steps', judged: t + 1 };
    if (impatient) return { kept, ending: 'patience', judged: t + 1 };
  }
  return { kept, ending: null, judged: losses.length };
}

it('keeps and ends as the rules say, whatever comes after the end', async () => {
  const gpu = await testGpu();
  const cases = fc.record({
    // multiples of 1/64, so that no sum is rounded
    losses: fc.array(fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 12, maxLength: 12 }), {
      minLength: 1,
      maxLength: 3,
    }),
    options: fc.record({
      maxSteps: fc.integer({ min: 1, max: 14 }),
      rule: fc.constantFrom('relative' as const, 'literal' as const),
      patience: fc.constantFrom(1, 3, Number.POSITIVE_INFINITY),
      tolerance: fc.constantFrom(0, 0.25),
      keep: fc.constantFrom('lowest' as const, 'last' as const),
    }),
  });
  await property(cases, async ({ losses, options }) => {
    const before = gpu.memory().liveBuffers;
    const count = losses.length;
    const shape = [count, 1, 1, 3];
    const choice = new MaskChoice(gpu, shape, options);
    const expected = losses.map((list) =>
      choose(
        list.map((n) => n / 64),
        options,
      ),
    );
    const ended: (number | null)[] = losses.map(() => null);
    for (let t = 0; t < 12; t++) {
      const masks = gpu.full(shape, t, 'masks that hold their time');
      const terms = gpu.tensor(
        [count * 2],
        new Float32Array(losses.flatMap((l) => [l[t] / 128, 0.5])),
        'terms',
      );
      const score = gpu.tensor([count], new Float32Array(losses.map((l) => l[t] / 128 - 0.5)), 'score');
      const judged = judgements(await gpu.read(choice.judge(masks, terms, score)));
      for (const tensor of [masks, terms, score]) tensor.release();
      judged.forEach(({ ending }, i) => {
        if (ending !== null) ended[i] ??= t + 1;
        if (ending !== null) expect(ending).toBe(expected[i].ending);
      });
      if (t < 11) continue;
      for (const [i, { kept, ending, judged: until }] of expected.entries()) {
        expect(judged[i]).toEqual({ ending, keptAfter: kept });
        expect(ended[i]).toBe(ending === null ? null : until);
        expect(Array.from(await choice.read(i))).toEqual([kept, kept, kept]);
      }
    }
    choice.release();
    expect(gpu.memory().liveBuffers, 'buffers given back').toBe(before);
  });
});

it('a loss that is no number ends a mask, and the one beside it goes on; a restarted one is judged anew', async () => {
  const gpu = await testGpu();
  const options = { maxSteps: 9, rule: 'relative', patience: 9, tolerance: 0, keep: 'lowest' } as const;
  const choice = new MaskChoice(gpu, [2, 1, 1, 1], options);
  let time = 0;
  const judge = async (first: number, second: number) => {
    const masks = gpu.full([2, 1, 1, 1], ++time, 'masks that hold their time');
    const [terms, score] = [
      gpu.full([4], 0, 'terms'),
      gpu.tensor([2], Float32Array.of(first, second), 'score'),
    ];
    const judged = judgements(await gpu.read(choice.judge(masks, terms, score)));
    for (const tensor of [masks, terms, score]) tensor.release();
    return judged.map(({ ending }) => ending);
  };
  expect(await judge(0.5, 1)).toEqual([null, null]);
  expect(await judge(Number.NaN, 1)).toEqual(['not a number', null]);
  expect(await judge(0.25, Number.NEGATIVE_INFINITY)).toEqual(['not a number', 'not a number']);
  expect(Array.from(await choice.read(0))).toEqual([1]);
  choice.restart(0);
  expect(await judge(0.75, 1)).toEqual([null, 'not a number']);
  expect(Array.from(await choice.read(0))).toEqual([4]);
  choice.release();
});

it('refuses a gradient of another size, and a mu of another number of masks', async () => {
  const gpu = await testGpu();
  const [masks, images, three] = [
    gpu.full([2, 1, 2, 3], 1, 'masks'),
    gpu.full([2, 1, 1, 2, 3], 1, 'images'),
    gpu.full([3, 1, 2, 3], 1, 'mu'),
  ];
  expect(() => maskBlend(new Tape(gpu), masks, images, three)).toThrow(/mu \[3,1,2,3\] do not fit/);
  for (const tensor of [masks, images, three]) tensor.release();
});
