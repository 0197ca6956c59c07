import { GpuError } from './errors.ts';

/**
 * Blanks the lines of a kernel that its constants rule out, so that line numbers stay true:
 *
 *     //#if SUBGROUPS
 *     enable subgroups;
 *     //#else
 *     ...
 *     //#end
 *
 * keeps the first part where `const SUBGROUPS` is not 0 (`//#if !SUBGROUPS`: where it is), else the second. For what
 * WGSL's own `if` cannot do: extensions, declarations and signatures that differ. Not nested.
 *
 * @throws GpuError for an unknown constant or an `#if` without its `#end`
 */
export function selectLines(name: string, code: string, constants: Readonly<Record<string, number>>): string {
  let keep = true;
  let open = false;
  const lines = code.split('\n').map((line) => {
    const directive = /^\/\/#(if|else|end) *(!?)(\w*)$/.exec(line.trimEnd());
    if (!directive) return keep ? line : '';
    const [, word, not, constant] = directive;
    if (word === 'if') {
      if (open || constants[constant] === undefined)
        throw new GpuError(`Kernel ${name}: "${line}" is nested or names no constant of the kernel.`);
      open = true;
      keep = (constants[constant] !== 0) === (not === '');
    } else if (!open) {
      throw new GpuError(`Kernel ${name}: "${line}" stands without its //#if.`);
    } else if (word === 'else') {
      keep = !keep;
    } else {
      open = false;
      keep = true;
    }
    return '';
  });
  if (open) throw new GpuError(`Kernel ${name}: an //#if has no //#end.`);
  return lines.join('\n');
}
