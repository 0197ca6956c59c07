import { type GradCamOptions, gradCam } from './grad-cam.ts';
import { type GradientOptions, gradient, type SmoothGradOptions, smoothGrad } from './gradient.ts';
import { type Completeness, type IntegratedOptions, integratedGradients } from './integrated.ts';
import { type OcclusionOptions, occlusion } from './occlusion.ts';
import type { Subject } from './subject.ts';

/** The methods beside masks that say which voxels a decision hangs on (docs/method.md, other maps). */
export const methods = ['gradient', 'smoothgrad', 'integrated-gradients', 'grad-cam', 'occlusion'] as const;
export type Method = (typeof methods)[number];

/** Options of all methods. */
export interface AttributionOptions
  extends GradientOptions,
    SmoothGradOptions,
    IntegratedOptions,
    GradCamOptions,
    OcclusionOptions {}

export interface Attribution {
  /** one value per voxel, x slowest and z fastest; positive where a voxel speaks for the class */
  readonly map: Float32Array;
  /** of integrated gradients */
  readonly completeness: Completeness | null;
}

/**
 * An image's attribution map by one method.
 *
 * @param part       tells the images of one seed apart
 * @param onProgress called with how much of the image is done, where a method takes long: from 0 to 1
 */
export async function attribution(
  method: Method,
  subject: Subject,
  image: Float32Array,
  options: AttributionOptions,
  part = 0,
  onProgress: (share: number) => void = () => {},
): Promise<Attribution> {
  const onPart = (done: number, of: number) => onProgress(done / of);
  if (method === 'integrated-gradients') return integratedGradients(subject, image, options, onPart);
  const map = async () => {
    switch (method) {
      case 'gradient':
        return gradient(subject, image, options);
      case 'smoothgrad':
        return smoothGrad(subject, image, options, part, onPart);
      case 'grad-cam':
        return gradCam(subject, image, options);
      case 'occlusion':
        return occlusion(subject, image, options, onPart);
    }
  };
  return { map: await map(), completeness: null };
}
