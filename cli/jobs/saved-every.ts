/**
 * What a training asks and calls to have its state saved: between two steps, as soon as the last one saved is so old.
 *
 * @param seconds age from which a state is saved again
 */
export function savedEvery<State>(seconds: number, save: (state: State) => void) {
  let saved = Date.now();
  return {
    due: () => Date.now() - saved >= 1000 * seconds,
    onCheckpoint: (state: State) => {
      save(state);
      saved = Date.now();
    },
  };
}
