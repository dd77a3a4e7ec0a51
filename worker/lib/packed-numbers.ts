/**
 * Arrays of numbers as text: four bytes each, the lowest first, base64. Half the length of decimal digits, and the same
 * bits come back.
 */

export function packFloats(values: Float32Array): string {
  return packed(values.length, (view, i) => view.setFloat32(4 * i, values[i]!, true));
}

export function packInts(values: Int32Array): string {
  return packed(values.length, (view, i) => view.setInt32(4 * i, values[i]!, true));
}

/** Throws for what `packFloats` never makes. */
export function unpackFloats(text: string): Float32Array<ArrayBuffer> {
  const view = unpacked(text);
  return Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

/** Throws for what `packInts` never makes. */
export function unpackInts(text: string): Int32Array<ArrayBuffer> {
  const view = unpacked(text);
  return Int32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getInt32(4 * i, true));
}

function packed(length: number, set: (view: DataView, i: number) => void): string {
  const view = new DataView(new ArrayBuffer(4 * length));
  for (let i = 0; i < length; i++) set(view, i);
  return btoa(
    Array.from(new Uint8Array(view.buffer), (byte) => String.fromCharCode(byte)).join(""),
  );
}

function unpacked(text: string): DataView {
  const bytes = Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
  if (bytes.length % 4 !== 0)
    throw new Error(`Not packed numbers: ${bytes.length} bytes are no multiple of 4`);
  return new DataView(bytes.buffer);
}
