import type { Unit } from '../../../report/page/data.ts';
import type { Context } from './context.ts';

/** The steps of a study; of a folder without `study.json`, the commands whose sidecars lie in it, each once. */
export function readUnits({ study, results, identity }: Context): Unit[] {
  if (study) {
    return study.units.map(({ id, title, experiments, status, command, seconds, error }) => ({
      id: identity.text(id),
      title: identity.text(title),
      experiments,
      status,
      command: identity.command(command),
      seconds: seconds ?? null,
      error: error && identity.secrets.length === 0 ? error : null,
    }));
  }
  const seen = new Set<string>();
  return results.flatMap(({ command, place, sidecar }) => {
    const words = sidecar.argv ?? command.split(' ');
    const line = identity.command(words);
    const key = words.join('\0');
    if (seen.has(key)) return [];
    seen.add(key);
    const title = words[0] === command.split(' ')[0] ? command : (words[0] ?? command);
    const id = identity.text(place) || title;
    return [
      {
        id,
        title,
        experiments: [],
        status: 'done',
        command: line,
        seconds: sidecar.seconds ?? null,
        error: null,
      },
    ];
  });
}
