/**
 * Puts an answer's pieces into the order that Anthropic's streams keep: one content block open at a time,
 * indices from 0 without gaps, a block's pieces between its start and its stop.
 *
 * OpenAI's deltas know no such order. Text is appended to the newest block while that is text, and so is
 * thinking; calls of tools have numbers, and pieces of several may alternate. So blocks stand in a queue.
 * The first is open and its pieces go out at once; the others hold theirs back until their turn comes. A
 * block of text is over as soon as another has begun; a call's is over when the braces of its arguments
 * are balanced, as nothing can follow an object, or at the answer's end. In the usual stream, where one
 * call ends before the next begins, nothing waits.
 *
 * Source: https://platform.claude.com/docs/en/build-with-claude/streaming
 */

/** Characters that an answer may make wait for their turn: 1 Mi. No honest answer's calls come near. */
const MAX_HELD = 1 << 20;
const MAX_CALLS = 4_096;

/** One of Anthropic's stream events, or the delta in one. */
export type Typed = Readonly<Record<string, unknown>> & { readonly type: string };

interface Block {
  /** The `content_block` of its start. */
  readonly opening: Record<string, unknown>;
  /** Deltas that still wait for the block's turn. */
  held: Typed[];
  /** Whether it can begin: a call's needs its name. */
  isReady: boolean;
  /** Whether it ends where another block begins. */
  isOver: boolean;
  isSigned: boolean;
  isClosed: boolean;
}

/** A vendor's stream that cannot be put into order; the message is for the client. */
export class BlockOrderError extends Error {
  override readonly name = "BlockOrderError";
}

/** What one delta tells of a call. */
export interface CallPiece {
  /** Its number among the answer's calls, where the vendor gives one. */
  readonly index: number | undefined;
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** The blocks of one answer. What goes out for them comes from `drain`. */
export class ContentBlocks {
  /** The first one is open, or the next to open. */
  readonly #queue: Block[] = [];
  readonly #calls = new Map<number, Call>();
  readonly #mintCallId: (ordinal: number) => string;
  #callCount = 0;
  #lastCall = 0;
  #closedCount = 0;
  #isOpen = false;
  #heldLength = 0;
  #events: Typed[] = [];

  /** @param mintCallId The id of the n-th call, where the vendor gave none. */
  constructor(mintCallId: (ordinal: number) => string) {
    this.#mintCallId = mintCallId;
  }

  get hasCalls(): boolean {
    return this.#callCount > 0;
  }

  /** The events since the last time. */
  drain(): readonly Typed[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  text(text: string): void {
    const block = this.#newest("text") ?? this.#begin({ type: "text", text: "" });
    this.#add(block, { type: "text_delta", text }, text.length);
  }

  thinking(thinking: string): void {
    this.#add(this.#thinkingBlock(), { type: "thinking_delta", thinking }, thinking.length);
  }

  /** Ends a block of thinking; one that has no text is a block too. */
  signature(signature: string): void {
    const block = this.#thinkingBlock();
    block.isSigned = true;
    this.#add(block, { type: "signature_delta", signature }, signature.length);
  }

  redacted(data: string): void {
    this.#begin({ type: "redacted_thinking", data });
    this.#advance();
  }

  /** Throws BlockOrderError where more comes of a call that had ended, and beyond the limits. */
  call(piece: CallPiece): void {
    const call = this.#callOf(piece);
    const { block } = call;
    if (!block.isReady && piece.name !== "") {
      block.opening["name"] = piece.name;
      block.isReady = true;
    }
    const json = piece.arguments;
    if (!block.isClosed) {
      call.take(json);
      if (json === "") this.#advance();
      else this.#add(block, { type: "input_json_delta", partial_json: json }, json.length);
    } else if (json.trim() !== "")
      throw new BlockOrderError("The vendor went on with a call of a tool that it had ended");
  }

  /** Opens and closes all that is left. */
  end(): void {
    this.#advance(true);
  }

  #thinkingBlock(): Block {
    const newest = this.#newest("thinking");
    if (newest?.isSigned === false) return newest;
    return this.#begin({ type: "thinking", thinking: "", signature: "" });
  }

  #newest(type: string): Block | undefined {
    const block = this.#queue.at(-1);
    return block?.opening["type"] === type ? block : undefined;
  }

  #begin(opening: Record<string, unknown>): Block {
    const isText = opening["type"] !== "tool_use";
    const block = {
      opening,
      held: [],
      isReady: isText,
      isOver: isText,
      isSigned: false,
      isClosed: false,
    };
    this.#queue.push(block);
    return block;
  }

  /** A second id under one number is another call: some vendors give all of them the number 0. */
  #callOf({ index, id }: CallPiece): Call {
    const number = index ?? (id === "" ? this.#lastCall : this.#callCount);
    this.#lastCall = number;
    const known = this.#calls.get(number);
    if (known !== undefined && (id === "" || id === known.givenId)) return known;
    if (this.#callCount === MAX_CALLS)
      throw new BlockOrderError(`The vendor called tools more than ${MAX_CALLS} times`);
    const made = id === "" ? this.#mintCallId(this.#callCount) : id;
    this.#callCount += 1;
    const block = this.#begin({ type: "tool_use", id: made, name: "", input: {} });
    const call = new Call(id, block);
    this.#calls.set(number, call);
    return call;
  }

  #add(block: Block, delta: Typed, length: number): void {
    block.held.push(delta);
    this.#advance();
    if (block.held.length > 0) this.#heldLength += length;
    if (this.#heldLength > MAX_HELD)
      throw new BlockOrderError("The vendor mixed calls of tools that are too large to sort");
  }

  /** Lets out what may go: the first block's pieces, and the next block's where the first is over. */
  #advance(isEnd = false): void {
    for (let block = this.#queue[0]; block !== undefined; block = this.#queue[0]) {
      const index = this.#closedCount;
      if (!this.#isOpen) {
        if (!block.isReady && !isEnd) return;
        this.#events.push({ type: "content_block_start", index, content_block: block.opening });
        this.#isOpen = true;
      }
      for (const delta of block.held)
        this.#events.push({ type: "content_block_delta", index, delta });
      block.held = [];
      if (!isEnd && (!block.isOver || this.#queue.length === 1)) return;
      this.#events.push({ type: "content_block_stop", index });
      block.isClosed = true;
      this.#queue.shift();
      this.#closedCount += 1;
      this.#isOpen = false;
    }
  }
}

/** One call of a tool, and where the JSON object of its arguments ends. */
class Call {
  /** The vendor's id for it; empty where it gave none. */
  readonly givenId: string;
  readonly block: Block;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  constructor(givenId: string, block: Block) {
    this.givenId = givenId;
    this.block = block;
  }

  take(json: string): void {
    for (const char of json) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (char === "\\") this.#isEscaped = this.#isInString;
      else if (char === '"') this.#isInString = !this.#isInString;
      else if (!this.#isInString) this.#takeBracket(char);
    }
  }

  #takeBracket(char: string): void {
    if (char === "{" || char === "[") this.#depth += 1;
    if (char !== "}" && char !== "]") return;
    this.#depth -= 1;
    if (this.#depth === 0) this.block.isOver = true;
  }
}
