/** A stream that keeps what is written to it. */
export class FakeStream {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  text = '';

  constructor(isTTY = false, columns?: number) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }

  /** The lines as a terminal ends up showing them: a carriage return and erase begin a line anew. */
  get shown(): string[] {
    return this.text
      .split('\n')
      .map((line) => line.slice(line.lastIndexOf('\r\x1b[2K') + 1).replace('\x1b[2K', ''));
  }
}
