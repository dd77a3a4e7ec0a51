/**
 * Calls of tools, put together from the pieces in which they are streamed.
 *
 * Vendors name calls loosely: some repeat the id with every piece, some give all calls one index, some give none.
 * A piece starts another call where its id says so, or, without an index, its name. Calls stand in the order of
 * their indices, those of one index in the order in which they began.
 */
import { isRecord } from "../lib/json.ts";
import { Pieces, type Room } from "./pieces.ts";

type Fields = Record<string, unknown>;

interface Call {
  /** The vendor's, or the place among the calls. */
  readonly index: number;
  readonly fields: Pieces;
  /** What it calls: `function`, and `custom` for a tool that takes free text. */
  readonly called: Map<string, Pieces>;
  id: string | undefined;
  hasName: boolean;
}

export class ToolCalls {
  readonly #room: Room;
  readonly #calls: Call[] = [];
  readonly #latest = new Map<number, Call>();

  constructor(room: Room) {
    this.#room = room;
  }

  /** The calls, or pieces of them, in one delta. Throws what the room throws. */
  add(pieces: readonly unknown[]): void {
    for (const piece of pieces) if (isRecord(piece)) this.#addPiece(piece);
  }

  view(): Fields[] {
    const calls = this.#calls.toSorted((a, b) => a.index - b.index);
    return calls.map(({ fields, called }) => ({
      ...(called.has("function") && { type: "function" }),
      ...fields.fields(),
      ...Object.fromEntries([...called].map(([name, pieces]) => [name, pieces.fields()])),
    }));
  }

  #addPiece(piece: Fields): void {
    const call = this.#callOf(piece);
    for (const [name, value] of Object.entries(piece)) {
      if (name === "index") continue;
      const isCalled = name === "function" || name === "custom";
      if (isCalled && isRecord(value)) this.#addCalled(call, name, value);
      else call.fields.keep(name, value);
    }
  }

  #addCalled(call: Call, kind: string, called: Fields): void {
    const pieces = call.called.get(kind) ?? new Pieces(this.#room);
    call.called.set(kind, pieces);
    for (const [name, value] of Object.entries(called))
      if (name === "name") pieces.keepFirst(name, value);
      else pieces.append(name, value);
  }

  #callOf(piece: Fields): Call {
    const { index } = piece;
    const known = typeof index === "number" ? this.#latest.get(index) : this.#calls.at(-1);
    const call = known === undefined || isOther(piece, known) ? this.#begin(index) : known;
    call.hasName ||= isNamed(piece);
    if (isText(piece["id"])) call.id = piece["id"];
    return call;
  }

  #begin(index: unknown): Call {
    this.#room.addEntry();
    const at = typeof index === "number" ? index : this.#calls.length;
    const fields = new Pieces(this.#room);
    const call = { index: at, fields, called: new Map(), id: undefined, hasName: false };
    this.#calls.push(call);
    this.#latest.set(at, call);
    return call;
  }
}

/** Whether a piece that could belong to the call `known` belongs to another one. */
function isOther(piece: Fields, known: Call): boolean {
  if (isText(piece["id"])) return known.id !== undefined && known.id !== piece["id"];
  return typeof piece["index"] !== "number" && known.hasName && isNamed(piece);
}

function isNamed(piece: Fields): boolean {
  return [piece["function"], piece["custom"]].some(
    (called) => isRecord(called) && isText(called["name"]),
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
