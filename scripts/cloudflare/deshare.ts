/**
 * Makes the memory import of a WebAssembly module ordinary where it is shared: one bit of one byte.
 *
 * The instructions of a module built for threads are valid on either kind of memory; only the flags of
 * the import's limits differ (bit 0: a maximum follows, bit 1: shared). The import section is walked
 * entry by entry instead of searched for a pattern, and anything but exactly one shared memory is an
 * error, so that a new build of the package cannot be patched by accident.
 *
 * Format: https://webassembly.github.io/spec/core/binary/modules.html#import-section
 */

const PREAMBLE_BYTES = 8; // Magic number and version.
const IMPORT_SECTION = 2;
const KIND = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;
const HAS_MAXIMUM = 1;
const SHARED = 2;

/** A copy of `module` with an ordinary memory import. Throws unless it had exactly one shared one. */
export function deshare(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(module);
  const flags = sharedMemoryFlags(new Cursor(bytes));
  if (flags.length !== 1)
    throw new Error(`Cannot deshare: expected 1 shared memory import, found ${flags.length}`);
  bytes[flags[0]!]! &= ~SHARED;
  return bytes;
}

/** Where the limits of shared memory imports have their flags. */
function sharedMemoryFlags(cursor: Cursor): number[] {
  const found: number[] = [];
  cursor.skip(PREAMBLE_BYTES);
  while (!cursor.isAtEnd) {
    const section = cursor.byte();
    const size = cursor.leb();
    if (section !== IMPORT_SECTION) {
      cursor.skip(size);
      continue;
    }
    for (let left = cursor.leb(); left > 0; left--) {
      cursor.skip(cursor.leb()); // module
      cursor.skip(cursor.leb()); // field
      const flagAt = importedMemoryFlag(cursor);
      if (flagAt !== undefined && (cursor.at(flagAt) & SHARED) !== 0) found.push(flagAt);
    }
  }
  return found;
}

/** Reads what follows the two names; answers where the limits of a memory begin. */
function importedMemoryFlag(cursor: Cursor): number | undefined {
  const kind = cursor.byte();
  switch (kind) {
    case KIND.function:
      cursor.leb(); // type
      return undefined;
    case KIND.table:
      cursor.byte(); // element type
      limits(cursor);
      return undefined;
    case KIND.memory:
      return limits(cursor);
    case KIND.global:
      cursor.skip(2); // value type, mutability
      return undefined;
    case KIND.tag:
      cursor.byte(); // attribute
      cursor.leb(); // type
      return undefined;
    default:
      throw new Error(`Cannot deshare: an import of unknown kind ${kind}`);
  }
}

function limits(cursor: Cursor): number {
  const flagAt = cursor.position;
  const flags = cursor.byte();
  cursor.leb(); // minimum
  if ((flags & HAS_MAXIMUM) !== 0) cursor.leb();
  return flagAt;
}

class Cursor {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.position >= this.#bytes.length;
  }

  at(position: number): number {
    const value = this.#bytes[position];
    if (value === undefined) throw new Error(`Cannot deshare: the module ends at ${position}`);
    return value;
  }

  byte(): number {
    return this.at(this.position++);
  }

  /** An unsigned number, seven bits a byte, lowest first. */
  leb(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  skip(count: number): void {
    this.position += count;
  }
}
