declare const mark: unique symbol;

/**
 * A text that may stand in a report. No text of a file is one by itself: it becomes one through an `Identity`, which replaces
 * it where the report is anonymous.
 */
export type Shown = string & { readonly [mark]: true };

/** The same data with every free text shown; texts of a fixed choice stay as they are. */
export type Sealed<T> = T extends Shown
  ? T
  : T extends string
    ? string extends T
      ? Shown
      : T
    : T extends ArrayBufferView | ReadonlyMap<number, number> | ((...args: never) => unknown)
      ? T
      : T extends object
        ? { readonly [K in keyof T]: Sealed<T[K]> }
        : T;

/** Puts texts together for a report, from voxmask's own words, numbers, and texts that are shown already. */
export interface Words {
  /** A sentence: what stands in the template is voxmask's own. */
  say(template: TemplateStringsArray, ...values: readonly (Shown | number)[]): Shown;
  /** Words of voxmask's own, as the names of columns. */
  own<const T extends readonly string[]>(...texts: string extends T[number] ? never : T): Shown[];
  /** What a function of voxmask makes of data that are shown already: a text, cells, a picture. It must add nothing else. */
  from<A extends readonly unknown[], R>(make: (...given: A) => R, ...given: Sealed<A>): Sealed<R>;
}

/** Remembers the texts and pictures that were made for one report, so that all others can be told from them. */
export class Ledger implements Words {
  readonly #texts = new Set<string>();
  readonly #pictures = new WeakSet<Uint8Array>();

  /** Takes a text as shown. For identities alone: readers of files have the other ways. */
  vouch(text: string): Shown {
    this.#texts.add(text);
    return text as Shown;
  }

  say = (template: TemplateStringsArray, ...values: readonly (Shown | number)[]): Shown =>
    this.vouch(template.map((text, i) => text + (i < values.length ? String(values[i]) : '')).join(''));

  own = (...texts: readonly string[]): Shown[] => texts.map((text) => this.vouch(text));

  from = <A extends readonly unknown[], R>(make: (...given: A) => R, ...given: Sealed<A>): Sealed<R> => {
    const made = make(...(given as unknown as A));
    this.#remember(made);
    return made as Sealed<R>;
  };

  knowsText(text: string): boolean {
    return this.#texts.has(text);
  }

  knowsPicture(png: Uint8Array): boolean {
    return this.#pictures.has(png);
  }

  #remember(made: unknown): void {
    if (typeof made === 'string') this.#texts.add(made);
    else if (made instanceof Uint8Array) this.#pictures.add(made);
    else if (Array.isArray(made)) for (const one of made) this.#remember(one);
  }
}
