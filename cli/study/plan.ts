import { inOrder, type Unit } from './unit.ts';

/** A unit for other schedulers: its command and what it hangs together with. Paths are relative to the study's folder. */
export interface PlannedUnit {
  readonly id: string;
  readonly command: string;
  /** 0 for a unit without needs, else one more than the highest of its needs': units of a wave run side by side */
  readonly wave: number;
  readonly needs: readonly string[];
  readonly inputs: readonly string[];
  readonly output: string;
  readonly gpu: boolean;
}

/** The units in order. */
export function planOf(units: readonly Unit[]): PlannedUnit[] {
  const waves = new Map<string, number>();
  return inOrder(units).map(({ id, command, needs, inputs, out, gpu }) => {
    const wave = Math.max(0, ...needs.map((need) => 1 + waves.get(need)!));
    waves.set(id, wave);
    return { id, command: commandLine(command), wave, needs, inputs, output: out, gpu };
  });
}

/** A planned unit as a line for a shell, what it hangs together with as a comment behind. */
export function planLine({ id, command, wave, needs, inputs, output, gpu }: PlannedUnit): string {
  const list = (names: readonly string[]) => names.join(' ') || 'none';
  const place = [`id: ${id}`, `wave: ${wave}`, `gpu: ${gpu ? 'yes' : 'no'}`];
  const files = [`needs: ${list(needs)}`, `inputs: ${list(inputs)}`, `output: ${output}`];
  return `${command}  # ${[...place, ...files].join('; ')}`;
}

/** A command as one would type it. */
export function commandLine(words: readonly string[]): string {
  return ['voxmask', ...words].map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
