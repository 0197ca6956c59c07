import { BufferReader } from 'pickleparser';

const mostBytes = 64 * 1024; // of a string; names of arrays have a few dozen
const mostBuilds = 100; // a state_dict has one, for its _metadata
const mostConstructed = 100; // objects beside the weights, as command-line arguments
const BUILD = 0x62;
const NEWOBJ = 0x81;

/** Opcodes that torch.save does not write for a state_dict, and that let a small pickle compute for minutes. */
const refused = new Map([
  [0x64, 'DICT'],
  [0x69, 'INST'],
  [0x6f, 'OBJ'],
  [0x92, 'NEWOBJ_EX'],
  [0x8b, 'LONG4'],
  [0x96, 'BYTEARRAY8'],
  [0x97, 'NEXT_BUFFER'],
]);

/**
 * Reads a pickle's bytes for the parser, and keeps the time that this takes in proportion to their number: the parser by
 * itself follows lengths below 0 backwards, for ever.
 */
export class PickleReader extends BufferReader {
  private atOpcode = false;
  private builds = 0;
  private constructed = 0;

  /** Asked by the parser before each opcode, and only there. */
  override hasNext(): boolean {
    this.atOpcode = true;
    return super.hasNext();
  }

  override byte(): number {
    const byte = super.byte();
    if (this.atOpcode) this.refuse(byte);
    this.atOpcode = false;
    return byte;
  }

  override skip(offset: number): void {
    if (offset < 0 || offset > mostBytes) throw new Error(`a string of ${offset} bytes`);
    super.skip(offset);
  }

  private refuse(opcode: number): void {
    const name = refused.get(opcode);
    if (name !== undefined) throw new Error(`it uses the opcode ${name}, which no state_dict needs`);
    if (opcode === BUILD && ++this.builds > mostBuilds)
      throw new Error('it sets the state of too many objects');
    if (opcode === NEWOBJ && ++this.constructed > mostConstructed)
      throw new Error('it constructs too many objects');
  }
}
