import type { Settings } from '../../model/settings.ts';
import type { TrainJobOptions } from './train.ts';

/** Settings as the job of a training takes them. */
export function settledIn(settings: Settings): Pick<TrainJobOptions, 'network' | 'training' | 'intensity'> {
  const { channels, reduction, dropout, classes, epochs, patience, seed, sampling, activations } = settings;
  return {
    network: {
      channels,
      subBlocks: settings['sub-blocks'],
      reduction,
      fcLayers: settings['fc-layers'],
      dropout,
      classes,
    },
    training: {
      epochs,
      batchSize: settings['batch-size'],
      learningRate: settings['learning-rate'],
      weightDecay: settings['weight-decay'],
      patience,
      seed,
      sampling,
      activations,
    },
    intensity: { scale: settings.intensity, smoothing: settings.smoothing },
  };
}
