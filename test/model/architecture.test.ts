import { expect, it } from 'vitest';
import {
  type Architecture,
  checkArchitecture,
  defaultArchitecture,
  featureShape,
  fullyConnected,
  subBlocks,
} from '../../model/architecture.ts';
import { checkWeights, initialWeights, weightShapes } from '../../model/weights.ts';

const paper: Architecture = { ...defaultArchitecture, inputShape: [121, 145, 121] };

it("the paper's size ends in 1024 features after seven blocks of either reduction", () => {
  expect(featureShape(paper)).toEqual([512, 1, 2, 1]);
  expect(featureShape({ ...paper, reduction: 'stride' })).toEqual([512, 1, 2, 1]);
  expect(fullyConnected(paper)).toEqual([{ name: 'fc.FC0.0', inputs: 1024, outputs: 2 }]);
});

it('hidden layers shrink geometrically', () => {
  expect(fullyConnected({ ...paper, fcLayers: 3 }).map((layer) => layer.outputs)).toEqual([128, 16, 2]);
});

it('sub-blocks keep the input channels but the last, and modules are counted as in a state_dict', () => {
  const layers = subBlocks(paper).slice(-3);
  expect(layers.map(({ inputs, outputs, pooled }) => [inputs, outputs, pooled])).toEqual([
    [256, 256, false],
    [256, 256, false],
    [256, 512, true],
  ]);
  expect(layers.map((layer) => layer.convolution)).toEqual([
    'convolutions.conv6.0',
    'convolutions.conv6.3',
    'convolutions.conv6.6',
  ]);
  expect(layers.map((layer) => layer.batchNorm)).toEqual([
    'convolutions.conv6.1',
    'convolutions.conv6.4',
    'convolutions.conv6.7',
  ]);
  expect(subBlocks({ ...paper, reduction: 'stride' }).map((layer) => layer.stride)).toEqual([
    2, 2, 2, 1, 2, 1, 2, 1, 1, 2, 1, 1, 2,
  ]);
});

it("initial weights fill PyTorch's default range, differ by seed, and repeat", () => {
  const small: Architecture = { ...paper, inputShape: [9, 9, 9], channels: [4, 8], subBlocks: [1, 2] };
  const weights = initialWeights(small, 3);
  checkWeights(weights, small, 'initial');
  expect([...weights.keys()]).toEqual([...weightShapes(small).keys()]);
  expect(initialWeights(small, 3)).toEqual(weights);
  const values = weights.get('convolutions.conv1.3.weight')!.data;
  const bound = 1 / Math.sqrt(4 * 27);
  expect(Math.max(...values)).toBeLessThanOrEqual(bound);
  expect(Math.max(...values)).toBeGreaterThan(0.9 * bound);
  expect(Math.min(...values)).toBeLessThan(-0.9 * bound);
  expect(initialWeights(small, 4).get('fc.FC0.0.weight')!.data).not.toEqual(
    weights.get('fc.FC0.0.weight')!.data,
  );
  expect(weights.get('convolutions.conv0.1.running_var')!.data).toEqual(Float32Array.of(1, 1, 1, 1));
});

it('every weight at fault is listed at once', () => {
  const weights = initialWeights({ ...paper, inputShape: [9, 9, 9], channels: [4], subBlocks: [1] }, 1);
  weights.delete('fc.FC0.0.bias');
  weights.set('surplus', { shape: [1], data: Float32Array.of(1), type: 'F32' });
  weights.set('convolutions.conv0.0.bias', { shape: [3], data: new Float32Array(3), type: 'F32' });
  weights.get('convolutions.conv0.1.weight')!.data[0] = Number.NaN;
  const check = () =>
    checkWeights(
      weights,
      { ...paper, inputShape: [9, 9, 9], channels: [4], subBlocks: [1] },
      'm.safetensors',
    );
  for (const fault of [
    /fc\.FC0\.0\.bias \[2\] is missing/,
    /surplus is not part/,
    /conv0\.0\.bias is \[3\] where \[4\]/,
    /conv0\.1\.weight holds values that are not finite/,
  ]) {
    expect(check).toThrow(fault);
  }
});

it('impossible architectures are refused', () => {
  const refuse = (change: object, message: RegExp) =>
    expect(() => checkArchitecture({ ...paper, ...change }, 'here')).toThrow(message);
  checkArchitecture(paper, 'here');
  refuse({ inputShape: [121, 145] }, /inputShape/);
  refuse({ channels: [8, 0] }, /channels/);
  refuse({ subBlocks: [1, 1, 1, 2, 2, 3, 4] }, /subBlocks/);
  refuse({ channels: [8] }, /differ in length/);
  refuse({ reduction: 'average' }, /reduction "average"/);
  refuse({ fcLayers: 0 }, /fcLayers/);
  refuse({ dropout: 1 }, /dropout 1/);
  refuse({ classes: ['AD', 'AD'] }, /two different names/);
});
