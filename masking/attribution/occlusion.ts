import { batches } from '../../model/predict.ts';
import { batchOf, muAt, type Subject, scoresOf, together } from './subject.ts';

export interface OcclusionOptions {
  /** edge of the cube, and the step between cubes, in voxels along each axis */
  readonly cube: readonly [number, number, number];
  readonly stride: readonly [number, number, number];
  readonly batchSize: number;
}

/** Corners of a cube: from `low`, up to but without `high`. */
interface Cube {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * Occlusion (Zeiler and Fergus 2014) in 3D: a cube of mu slides over the image; a voxel's value is the mean fall of the
 * score over the cubes that cover it. Cubes in which the image is 0 throughout (outside the brain) are passed over and
 * count as no fall. The last cube along an axis is cut by the border.
 *
 * @param onProgress told how many cubes are done
 */
export async function occlusion(
  subject: Subject,
  image: Float32Array,
  { cube, stride, batchSize }: OcclusionOptions,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<Float32Array> {
  const shape = subject.network.architecture.inputShape;
  const sums = new Float64Array(image.length);
  const covers = new Float64Array(image.length);
  const cubes = placed(shape, cube, stride);
  for (const place of cubes) visit(shape, place, (u) => covers[u]++);
  const filled = cubes.filter((place) => {
    let some = false;
    visit(shape, place, (u) => {
      some ||= image[u] !== 0;
    });
    return some;
  });
  const x = batchOf(subject, [image]);
  const [whole] = await scoresOf(subject, x);
  x.release();
  let done = 0;
  for (const run of batches(filled, together(subject, batchSize))) {
    const hidden = batchOf(
      subject,
      run.map((place) => {
        const copy = image.slice();
        visit(shape, place, (u) => {
          copy[u] = muAt(subject.mu, u);
        });
        return copy;
      }),
    );
    const scores = await scoresOf(subject, hidden);
    hidden.release();
    run.forEach((place, i) => {
      visit(shape, place, (u) => {
        sums[u] += whole - scores[i];
      });
    });
    done += run.length;
    onProgress(done, filled.length);
  }
  return Float32Array.from(sums, (sum, u) => (covers[u] > 0 ? sum / covers[u] : 0));
}

function placed(shape: readonly number[], cube: readonly number[], stride: readonly number[]): Cube[] {
  const starts = shape.map((size, axis) => {
    const count = Math.max(1, Math.ceil((size - cube[axis]) / stride[axis]) + 1);
    return Array.from({ length: count }, (_, i) => i * stride[axis]);
  });
  return starts[0].flatMap((x) =>
    starts[1].flatMap((y) =>
      starts[2].map((z) => {
        const low = [x, y, z];
        return { low, high: low.map((start, axis) => Math.min(shape[axis], start + cube[axis])) };
      }),
    ),
  );
}

function visit(shape: readonly number[], { low, high }: Cube, see: (voxel: number) => void): void {
  for (let x = low[0]; x < high[0]; x++)
    for (let y = low[1]; y < high[1]; y++)
      for (let z = low[2]; z < high[2]; z++) see((x * shape[1] + y) * shape[2] + z);
}
