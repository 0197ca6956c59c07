import fc from 'fast-check';
import { expect, it } from 'vitest';
import { scoreKinds } from '../../engine/ops/class-score.ts';
import { maskBlend as blend } from '../../engine/ops/mask-blend.ts';
import { MaskStep } from '../../engine/ops/mask-step.ts';
import { Tape } from '../../engine/tape.ts';
import { MaskObjective, maskLoss } from '../../masking/objective.ts';
import { Network } from '../../model/network.ts';
import { expectClose, property, randomArray, upload } from '../engine/compare.ts';
import { testGpu } from '../engine/gpu.ts';
import { lookUp, randomWeights, smallNetworks } from '../model/random-network.ts';
import { classScore, classScoreGrad } from '../reference/class-score.ts';
import { maskBlend, maskBlendGrad } from '../reference/mask-blend.ts';
import { maskSize, maskSizeGrad } from '../reference/mask-size.ts';
import { map } from '../reference/ndarray.ts';
import { network as reference } from '../reference/network.ts';
import { totalVariation, totalVariationGrad } from '../reference/total-variation.ts';

const options = fc.record({
  lambda1: fc.constantFrom(1e-4, 0.1),
  lambda2: fc.constantFrom(1e-2, 0.1),
  beta1: fc.constantFrom(0.1, 0.5, 1, 2),
  beta2: fc.constantFrom(1, 2, 3),
  reduction: fc.constantFrom('mean' as const, 'sum' as const),
  score: fc.constantFrom(...scoreKinds),
});

it('the full masking loss of equation 2 and its gradient agree with float64 loops', async () => {
  const gpu = await testGpu();
  await property(
    fc.record({ network: smallNetworks, options, mu: fc.constantFrom(0, 1) }),
    async ({ network: { n, seed, architecture }, options, mu }) => {
      const weights = randomWeights(architecture, seed);
      const x = randomArray([n, 1, ...architecture.inputShape], seed + 1, 0.5, 0.5);
      // steps of 1/16 keep differences exact in float32, where |t|^beta has an infinite slope near 0
      const m = map(randomArray(architecture.inputShape, seed + 2), (value, i) =>
        i % 3 === 0 ? 1 : Math.round(8 + 8 * value) / 16,
      );
      const blended = reference(architecture, lookUp(weights), maskBlend(m, x, mu), false);
      const expected = {
        size: options.lambda1 * maskSize(m, options.beta1, options.reduction),
        variation: options.lambda2 * totalVariation(m, options.beta2, options.reduction),
        score: classScore(blended.logits, 1, options.score),
      };
      const dx = blended.gradients(classScoreGrad(blended.logits, 1, options.score)).input;
      const throughNetwork = maskBlendGrad(m, x, mu, dx).dm;
      const bySize = maskSizeGrad(m, options.beta1, options.reduction, options.lambda1);
      const byVariation = totalVariationGrad(m, options.beta2, options.reduction, options.lambda2);
      const gradient = map(throughNetwork, (value, u) => value + bySize.data[u] + byVariation.data[u]);

      const before = gpu.memory().liveBuffers;
      const network = new Network(gpu, architecture, weights);
      const held = [upload(gpu, m, 'mask'), upload(gpu, x, 'x'), gpu.full([1], mu, 'mu')];
      const objective = new MaskObjective(network, held[2], 1, options);
      const loss = await objective.loss(held[0], held[1]);
      // without a memory of earlier gradients, Adam's first moment is the gradient of the step
      const adam = { learningRate: 0.1, beta1: 0 };
      const mover = new MaskStep(gpu, held[0].share(), held[2], { ...options, adam });
      const masked = blend(new Tape(gpu), mover.mask, held[1], held[2]);
      const { score, gradient: ofBlended } = objective.scoreGradient(masked);
      masked.release();
      const terms = mover.step(held[1], ofBlended);
      const [[size, variation], [probability]] = await gpu.readAll([terms, score]);
      for (const [actual, what] of [
        [loss, 'loss without a gradient'],
        [maskLoss(size, variation, probability), 'loss of the step'],
      ] as const) {
        expectClose([actual.size, actual.variation, actual.score], Object.values(expected), 1e-5, what, 1e-2);
        const total = expected.size + expected.variation + expected.score;
        expectClose([actual.total], [total], 1e-5, `total of the ${what}`, 1e-2);
      }
      const first = (await gpu.read(mover.moments)).slice(0, gradient.data.length);
      expectClose(first, gradient.data, 1e-4, 'gradient', 1e-4);
      for (const tensor of [score, ofBlended, terms, mover]) tensor.release();
      for (const tensor of held) tensor.release();
      network.release();
      expect(gpu.memory().liveBuffers, 'buffers given back').toBe(before);
    },
    25,
  );
});
