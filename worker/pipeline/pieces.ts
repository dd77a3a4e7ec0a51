/**
 * Fields that come in pieces and are held until all have come: the small change of assemble.ts. Names are the
 * vendor's, so they are kept in a Map and not in an object, where some of them mean something.
 */
import { isRecord } from "../lib/json.ts";

/** Characters of JSON that one answer may have, about: 8 Mi, as dispatch allows an unstreamed one in bytes. */
const MAX_LENGTH = 1 << 23;
/** What an entry takes besides its characters, roughly. */
const ENTRY_LENGTH = 1 << 6;

/** What is left of the length that all parts of one answer have together. */
export class Room {
  #left = MAX_LENGTH;
  readonly #refuse: () => Error;

  /** @param refuse Makes what is thrown when there is none left. */
  constructor(refuse: () => Error) {
    this.#refuse = refuse;
  }

  /** Takes the length of another entry beside its characters. */
  addEntry(): void {
    this.add(ENTRY_LENGTH);
  }

  /** @param length Negative for what is given back. */
  add(length: number): void {
    this.#left -= length;
    if (this.#left < 0) throw this.#refuse();
  }
}

/** The fields of one record. Every method throws what the room throws. */
export class Pieces {
  readonly #room: Room;
  readonly #values = new Map<string, unknown>();

  constructor(room: Room) {
    this.#room = room;
  }

  /** The last value that says something holds. */
  keep(name: string, value: unknown): void {
    if (this.#values.has(name) && saysNothing(value)) return;
    this.#set(name, value, lengthOf(value) - lengthOf(this.#values.get(name)));
  }

  /** The first value that says something holds. */
  keepFirst(name: string, value: unknown): void {
    if (saysNothing(this.#values.get(name))) this.keep(name, value);
  }

  /** Text goes on, a list grows; of anything else the last holds. Text within a list becomes one of its parts. */
  append(name: string, value: unknown): void {
    const before = this.#values.get(name);
    const isText = typeof value === "string";
    if (isText && typeof before === "string") this.#set(name, before + value, value.length);
    else if (Array.isArray(before) && (isText || Array.isArray(value))) {
      if (isText) this.#appendText(before, value);
      else for (const item of value) before.push(item);
      this.#room.add(lengthOf(value));
    } else if (Array.isArray(value)) {
      const list: unknown[] = [];
      if (typeof before === "string") this.#appendText(list, before);
      for (const item of value) list.push(item);
      this.#set(name, list, lengthOf(value));
    } else this.keep(name, value);
  }

  /** Parts of a message's content: of text, the last one goes on. */
  #appendText(parts: unknown[], text: string): void {
    if (text === "") return;
    const last = parts.at(-1);
    if (isRecord(last) && last["type"] === "text" && typeof last["text"] === "string")
      parts[parts.length - 1] = { ...last, text: last["text"] + text };
    else parts.push({ type: "text", text });
  }

  /** Blocks of thinking, whole or in pieces: what follows an unsigned one belongs to it. */
  appendThinking(name: string, blocks: readonly unknown[]): void {
    for (const block of blocks) {
      const all = this.#values.get(name);
      const last: unknown = Array.isArray(all) ? all.at(-1) : undefined;
      if (!Array.isArray(all) || !isOpenThought(last) || !isThought(block))
        this.append(name, [block]);
      else {
        const thinking = `${last["thinking"]}${block["thinking"]}`;
        all[all.length - 1] = { ...last, ...block, thinking };
        this.#room.add(lengthOf(block));
      }
    }
  }

  fields(): Record<string, unknown> {
    return Object.fromEntries(this.#values);
  }

  #set(name: string, value: unknown, length: number): void {
    if (!this.#values.has(name)) {
      this.#room.addEntry();
      this.#room.add(name.length);
    }
    this.#room.add(length);
    this.#values.set(name, value);
  }
}

interface Thought extends Record<string, unknown> {
  readonly thinking: string;
}

function isThought(block: unknown): block is Thought {
  return isRecord(block) && block["type"] === "thinking" && typeof block["thinking"] === "string";
}

function isOpenThought(block: unknown): block is Thought {
  return isThought(block) && !block["signature"];
}

/** null, and what is empty. */
function saysNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Characters of a value's JSON, about. */
function lengthOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  return typeof value === "object" && value !== null ? JSON.stringify(value).length : 0;
}
