import { type MemberInfo, type VariableInfo, WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import { selectLines } from './conditional.ts';
import { GpuError } from './errors.ts';
import { type Names, parseSize } from './size-expression.ts';
import type { ElementType, Tensor } from './tensor.ts';

/** Values for `const` declarations of a kernel: tile sizes, strides and the like. */
export type Constants = Readonly<Record<string, number>>;

/** One storage binding of a kernel, as its source declares it. */
export interface Binding {
  readonly name: string;
  readonly index: number;
  readonly writes: boolean;
  readonly elementType: ElementType;
  readonly elementBytes: number;
  /** How many array elements the kernel may touch, from the `// [expression]` behind its declaration. */
  readonly count: (names: Names) => number;
  /** Whether it is updated in place, read as well as written: `// [expression] in place`. */
  readonly inPlace: boolean;
}

/** A kernel's source after its constants are set, and what reflection says of it. */
export interface Kernel {
  readonly name: string;
  readonly code: string;
  readonly constants: Constants;
  readonly bindings: readonly Binding[];
  readonly params: {
    readonly index: number;
    readonly bytes: number;
    readonly members: readonly MemberInfo[];
  } | null;
  readonly workgroupSize: readonly number[];
  /** Arithmetic operations of a call, from `// operations: expression`; null for kernels whose work is moving memory. */
  readonly operations: ((names: Names) => number) | null;
}

/**
 * Sets a kernel's constants and reads its bindings.
 *
 * @param source WGSL with one compute entry `main`, at most one uniform (a struct of scalars), and storage arrays
 *               that each carry their length as a comment: `... x: array<f32>; // [n * ci * d]`
 * @throws GpuError naming the kernel if a constant or a length is missing or cannot be read
 */
export function readKernel(name: string, source: string, constants: Constants): Kernel {
  const specialised = setConstants(name, source, constants);
  const code = selectLines(name, specialised, readConstants(specialised));
  const module = new WgslReflect(code);
  const uniform = module.uniforms[0];
  const [entry] = module.entry.compute;
  if (!entry?.workgroupSize) throw new GpuError(`Kernel ${name} has no compute entry with a workgroup size.`);
  return {
    name,
    code,
    constants: readConstants(code),
    bindings: module.storage.map((variable) => readBinding(name, code, variable)),
    params: uniform ? { index: uniform.binding, bytes: uniform.size, members: uniform.members ?? [] } : null,
    workgroupSize: entry.workgroupSize,
    operations: readOperations(code),
  };
}

function setConstants(name: string, source: string, constants: Constants): string {
  let code = source;
  for (const [constant, value] of Object.entries(constants)) {
    const declaration = new RegExp(`^const ${constant}\\b(: *\\w+)? *= *[^;]*;`, 'm');
    if (!declaration.test(code)) throw new GpuError(`Kernel ${name} has no constant ${constant}.`);
    code = code.replace(
      declaration,
      (_, type = '') => `const ${constant}${type} = ${value}${type.includes('u32') ? 'u' : ''};`,
    );
  }
  return code;
}

function readConstants(code: string): Constants {
  const found = [...code.matchAll(/^const (\w+)(?:: *\w+)? *= *(\d+)u?;/gm)];
  return Object.fromEntries(found.map((match) => [match[1], Number(match[2])]));
}

function readOperations(code: string): Kernel['operations'] {
  const stated = /^\/\/ operations: (.+)$/m.exec(code);
  return stated && parseSize(stated[1]);
}

function readBinding(kernel: string, code: string, variable: VariableInfo): Binding {
  const contract = new RegExp(`> *${variable.name}: *array<[^;]*; *// *\\[([^\\]]+)\\](.*)`).exec(code);
  if (!contract)
    throw new GpuError(`Kernel ${kernel}: binding ${variable.name} does not state its length as // [...].`);
  const format = variable.format?.getTypeName() ?? '';
  return {
    name: variable.name,
    index: variable.binding,
    writes: variable.access === 'read_write',
    elementType: /u32|u>?$|vec\du/.test(format) ? 'u32' : 'f32',
    elementBytes: variable.stride,
    count: parseSize(contract[1]),
    inPlace: contract[2].trim() === 'in place',
  };
}

/**
 * Checks the tensors for a kernel's bindings by name, type and size, and returns them in binding order.
 *
 * @throws GpuError for a binding that is missing, surplus, of another type, too small, or both read and written
 */
export function matchBindings(
  kernel: Kernel,
  given: Readonly<Record<string, Tensor>>,
  params: Names,
): Tensor[] {
  for (const name of Object.keys(given)) {
    if (!kernel.bindings.some((binding) => binding.name === name)) {
      throw new GpuError(`Kernel ${kernel.name} has no binding "${name}".`);
    }
  }
  const names = { ...kernel.constants, ...params };
  const tensors = kernel.bindings.map((binding) => {
    const tensor = given[binding.name];
    if (!tensor) throw new GpuError(`Kernel ${kernel.name} lacks its binding "${binding.name}".`);
    if (tensor.type !== binding.elementType) {
      throw new GpuError(
        `Kernel ${kernel.name}: "${binding.name}" takes ${binding.elementType}, but tensor "${tensor.label}" is ${tensor.type}.`,
      );
    }
    const bytes = binding.count(names) * binding.elementBytes;
    if (tensor.memory.bytes < bytes) {
      // memory is padded to 16 bytes, which kernels over vec4 may touch
      throw new GpuError(
        `Kernel ${kernel.name}: "${binding.name}" needs ${bytes} bytes, but tensor "${tensor.label}" [${tensor.shape}] has ${tensor.size * 4}.`,
      );
    }
    return tensor;
  });
  refuseAliases(kernel, tensors);
  return tensors;
}

function refuseAliases(kernel: Kernel, tensors: readonly Tensor[]): void {
  kernel.bindings.forEach((binding, i) => {
    const twin = tensors.findIndex((other, j) => j !== i && other.memory === tensors[i].memory);
    if (binding.writes && twin >= 0) {
      throw new GpuError(
        `Kernel ${kernel.name}: "${binding.name}" is written and shares its memory with "${kernel.bindings[twin].name}".`,
      );
    }
  });
}

/**
 * Packs a kernel's parameters by the layout of its Params struct.
 *
 * @throws GpuError for a missing or surplus member, or a number that is not finite or not a u32 where one is asked
 */
export function packParams(kernel: Kernel, values: Names, target: DataView, offset: number): void {
  const members = kernel.params?.members ?? [];
  for (const name of Object.keys(values)) {
    if (!members.some((member) => member.name === name)) {
      throw new GpuError(`Kernel ${kernel.name} has no parameter "${name}".`);
    }
  }
  for (const member of members) {
    const value = values[member.name];
    if (value === undefined)
      throw new GpuError(`Kernel ${kernel.name} lacks its parameter "${member.name}".`);
    if (member.type.name === 'f32') {
      if (Number.isNaN(value))
        throw new GpuError(`Kernel ${kernel.name}: parameter "${member.name}" is NaN.`);
      target.setFloat32(offset + member.offset, value, true);
    } else {
      if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
        throw new GpuError(
          `Kernel ${kernel.name}: parameter "${member.name}" = ${value} is no 32-bit unsigned integer.`,
        );
      }
      target.setUint32(offset + member.offset, value, true);
    }
  }
}
