/**
 * A WebAssembly module of one function and one memory, written down instruction by instruction: for a few lines that
 * V8 makes fast code of in no other way, so that nobody needs a compiler for them.
 *
 * An instruction is a list of bytes; a body is a list of such lists, of any depth. Only what is used has a
 * name. Nothing is checked here: the engine that compiles the bytes says what is wrong with them.
 *
 * Format: https://webassembly.github.io/spec/core/binary/
 */

/** Bytes, or lists of them. */
export type Code = number | readonly Code[];

/** Types of values, as bytes. */
export const I32 = 0x7f;
export const V128 = 0x7b;

/** Instructions by the names of the specification. A local is known by its number, parameters first. */
export const local = {
  get: (index: number): Code => [0x20, unsigned(index)],
  set: (index: number): Code => [0x21, unsigned(index)],
  tee: (index: number): Code => [0x22, unsigned(index)],
};

export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  load: (offset: number): Code => [0x28, 2, unsigned(offset)],
  add: 0x6a,
  mul: 0x6c,
  shl: 0x74,
  lessUnsigned: 0x49,
};

export const v128 = {
  zero: simd(12, ...Array.from({ length: 16 }, () => 0)),
  load: (offset: number): Code => simd(0, 4, ...unsigned(offset)),
  store: (offset: number): Code => simd(11, 4, ...unsigned(offset)),
  /** Eight bytes as eight signed 16-bit lanes. */
  load8x8Signed: (offset: number): Code => simd(1, 0, ...unsigned(offset)),
};

export const i32x4 = {
  add: simd(174),
  /** Products of sixteen-bit lanes, two neighbours added into one lane of 32 bits. */
  dotI16x8: simd(186),
  /** Four lanes out of two vectors: 0 to 3 are the first's, 4 to 7 the second's. */
  shuffle: (...lanes: readonly [number, number, number, number]): Code =>
    simd(13, ...lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3])),
};

/** Repeats the body as long as it leaves a number other than 0. */
export function loopWhile(...body: readonly Code[]): Code {
  const [LOOP, NO_RESULT, BRANCH_IF, OUTERMOST, END] = [0x03, 0x40, 0x0d, 0, 0x0b];
  return [LOOP, NO_RESULT, body, BRANCH_IF, OUTERMOST, END];
}

export interface SingleFunction {
  /** What the function is exported as; the memory is exported as `memory`. */
  readonly name: string;
  /** Types of the parameters, in order. It answers nothing. */
  readonly parameters: readonly number[];
  /** How many further locals, of which type, in order. */
  readonly locals: readonly (readonly [count: number, type: number])[];
  readonly body: Code;
  /** The memory's size at first, in pages of 64 KiB. It may grow. */
  readonly pages: number;
}

/** The bytes of the module. */
export function moduleOf({
  name,
  parameters,
  locals,
  body,
  pages,
}: SingleFunction): Uint8Array<ArrayBuffer> {
  const [FUNCTION_TYPE, KIND_FUNCTION, KIND_MEMORY, NO_MAXIMUM, END] = [0x60, 0, 2, 0, 0x0b];
  const code = flat([counted(locals), body, END]);
  const sections: readonly (readonly [id: number, content: Code])[] = [
    [1, counted([[FUNCTION_TYPE, counted(parameters), counted([])]])],
    [3, counted([0])],
    [5, counted([[NO_MAXIMUM, unsigned(pages)]])],
    [
      7,
      counted([
        [named(name), KIND_FUNCTION, 0],
        [named("memory"), KIND_MEMORY, 0],
      ]),
    ],
    [10, counted([sized(code)])],
  ];
  const preamble = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  return new Uint8Array(flat([preamble, sections.map(([id, content]) => [id, sized(content)])]));
}

function simd(operation: number, ...immediates: readonly number[]): number[] {
  return [0xfd, ...unsigned(operation), ...immediates];
}

function counted(items: readonly Code[]): Code {
  return [unsigned(items.length), items];
}

function sized(content: Code): Code {
  const bytes = flat(content);
  return [unsigned(bytes.length), bytes];
}

function named(name: string): Code {
  return sized([...new TextEncoder().encode(name)]);
}

function flat(code: Code): number[] {
  return typeof code === "number" ? [code] : code.flatMap(flat);
}

/** LEB128: seven bits a byte, lowest first. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** The same in two's complement: the last byte's bit 6 is the sign. */
function signed(value: number): number[] {
  const isLast = value >= -0x40 && value < 0x40;
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
