/**
 * Writes an ONNX model as bytes: the part of the protobuf format that a generated graph needs, and no more.
 * No schema file, no dependency. Field numbers and enum values are those of
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; each writer names its message.
 *
 * Equal models give equal bytes. The writer checks nothing: a wrong graph is refused by
 * `InferenceSession.create`, and lower.ts makes no wrong ones.
 */

const ELEMENT_TYPE = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
export type ElementType = keyof typeof ELEMENT_TYPE;

export interface NodeSpec {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Attributes;
}

/** A whole number is an INT, a list of them INTS, text a STRING; a FLOAT says so. */
export type Attributes = Readonly<
  Record<string, number | readonly number[] | string | { readonly float: number }>
>;

export interface ValueSpec {
  readonly name: string;
  readonly type: ElementType;
  /** A number is a fixed size, a string names a size that is free at run time. */
  readonly dims: readonly (number | string)[];
}

export interface TensorSpec {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array | Int8Array | Uint8Array;
}

export interface ModelSpec {
  readonly nodes: readonly NodeSpec[];
  readonly constants: readonly TensorSpec[];
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
}

const IR_VERSION = 10;
const OPSET = 21; // From 18 on reductions take their axes as an input; operators/ relies on that.

/** ModelProto. */
export function writeModel(model: ModelSpec): Uint8Array<ArrayBuffer> {
  return join(
    integer(1, IR_VERSION),
    chunk(2, "sluice"), // producer_name
    chunk(8, join(chunk(1, ""), integer(2, OPSET))), // opset_import of the default domain
    chunk(7, writeGraph(model)),
  );
}

/** GraphProto. */
function writeGraph({ nodes, constants, inputs, outputs }: ModelSpec): Uint8Array {
  return join(
    ...nodes.map((node) => chunk(1, writeNode(node))),
    chunk(2, "graph"),
    ...constants.map((constant) => chunk(5, writeTensor(constant))),
    ...inputs.map((value) => chunk(11, writeValue(value))),
    ...outputs.map((value) => chunk(12, writeValue(value))),
  );
}

/** NodeProto. */
function writeNode({ operator, inputs, output, attributes }: NodeSpec): Uint8Array {
  return join(
    ...inputs.map((name) => chunk(1, name)),
    chunk(2, output),
    chunk(3, output), // The node's own name: profiles and error messages show it.
    chunk(4, operator),
    ...Object.entries(attributes).map((entry) => chunk(5, writeAttribute(entry))),
  );
}

/** AttributeProto. Field 20 repeats the kind: 1 = FLOAT, 2 = INT, 3 = STRING, 7 = INTS. */
function writeAttribute([name, value]: [string, Attributes[string]]): Uint8Array {
  if (typeof value === "number") return join(chunk(1, name), integer(3, value), integer(20, 2));
  if (typeof value === "string") return join(chunk(1, name), chunk(4, value), integer(20, 3));
  if ("float" in value) return join(chunk(1, name), float(2, value.float), integer(20, 1));
  return join(chunk(1, name), ...value.map((v) => integer(8, v)), integer(20, 7));
}

/** TensorProto. raw_data (9) is little-endian, as typed arrays are on every host that we run on. */
function writeTensor({ name, type, dims, data }: TensorSpec): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return join(
    ...dims.map((n) => integer(1, n)),
    integer(2, ELEMENT_TYPE[type]),
    chunk(8, name),
    chunk(9, raw),
  );
}

/** ValueInfoProto holding a TypeProto holding a TensorShapeProto. */
function writeValue({ name, type, dims }: ValueSpec): Uint8Array {
  const shape = dims.map((d) => chunk(1, typeof d === "number" ? integer(1, d) : chunk(2, d)));
  const tensor = join(integer(1, ELEMENT_TYPE[type]), chunk(2, join(...shape)));
  return join(chunk(1, name), chunk(2, chunk(1, tensor)));
}

/** Wire type 0. */
function integer(field: number, value: number): Uint8Array {
  return join(varint(BigInt(field << 3)), varint(BigInt(value)));
}

/** Wire type 5. */
function float(field: number, value: number): Uint8Array {
  return join(varint(BigInt((field << 3) | 5)), new Uint8Array(Float32Array.of(value).buffer));
}

/** Wire type 2: text, raw bytes or a nested message. */
function chunk(field: number, value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return join(varint(BigInt((field << 3) | 2)), varint(BigInt(bytes.length)), bytes);
}

/** Seven bits a byte, lowest first. A negative number is written as its 64-bit two's complement. */
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

function join(...parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
