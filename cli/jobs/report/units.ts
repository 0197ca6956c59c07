import { compareText } from '../../../cohort/session.ts';
import type { Unit } from '../../../report/page/data.ts';
import type { Context } from './context.ts';
import type { Sealed } from './shown.ts';

/** E1 to E11, of the paper. */
const paperExperiments = Array.from({ length: 11 }, (_, i) => `E${i + 1}`);

/** The steps of a study; of a folder without `study.json`, the commands whose sidecars lie in it, each once, in the order of running. */
export function readUnits({ study, results, identity }: Context): Sealed<Unit>[] {
  const { name, command: line, commandName, message, anonymous } = identity;
  if (study) {
    return study.units.map(({ id, title, experiments, status, command, seconds, error }) => ({
      id: name('step', id),
      title: anonymous ? commandName(command) : name('step', title),
      experiments: experiments.map((experiment) => name('experiment', experiment, paperExperiments)),
      status,
      command: line(command),
      seconds: seconds ?? null,
      error: error ? message(error) : null,
    }));
  }
  const seen = new Set<string>();
  const inOrder = [...results].sort((a, b) =>
    compareText(a.sidecar.startedAt ?? '', b.sidecar.startedAt ?? ''),
  );
  return inOrder.flatMap(({ command, place, sidecar }) => {
    const words = sidecar.argv ?? command.split(' ');
    const key = words.join('\0');
    if (seen.has(key)) return [];
    seen.add(key);
    const title = commandName(
      words[0] === command.split(' ')[0] ? command.split(' ') : [words[0] ?? command],
    );
    const id = place === '' ? title : name('step', place);
    return [
      {
        id,
        title,
        experiments: [],
        status: 'done',
        command: line(words),
        seconds: sidecar.seconds ?? null,
        error: null,
      },
    ];
  });
}
