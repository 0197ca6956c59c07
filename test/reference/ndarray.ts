/** A dense float64 array in C order, the last dimension fastest. Volumes are [n, c, d, h, w] = [n, c, x, y, z]. */
export interface NdArray {
  shape: number[];
  data: Float64Array;
}

/** How many elements a shape has. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** An array of zeros. */
export function zeros(shape: readonly number[]): NdArray {
  return { shape: [...shape], data: new Float64Array(sizeOf(shape)) };
}

/** An array holding a copy of these values. Throws if their number does not fit the shape. */
export function ndArray(shape: readonly number[], values: ArrayLike<number>): NdArray {
  if (values.length !== sizeOf(shape)) throw new Error(`${values.length} values do not fill [${shape}]`);
  return { shape: [...shape], data: Float64Array.from(values) };
}

/** Where element `index` of an array of this shape lies in its data. */
export function offset(shape: readonly number[], ...index: number[]): number {
  let at = 0;
  for (let axis = 0; axis < shape.length; axis++) at = at * shape[axis] + index[axis];
  return at;
}

/** The array with `f` applied to every element. */
export function map(x: NdArray, f: (value: number, i: number) => number): NdArray {
  return { shape: [...x.shape], data: x.data.map((value, i) => f(value, i)) };
}
