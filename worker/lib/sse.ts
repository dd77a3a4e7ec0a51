/**
 * Server-Sent Events, both ways.
 *
 * Vendors cut their streams wherever the network likes: inside a line, inside a UTF-8 sequence, between
 * the CR and the LF of one line ending. The decoder keeps the unfinished line and lets the platform's
 * TextDecoder keep unfinished bytes, so what it emits depends on the bytes and never on where they were
 * cut. A line ends at its CR already; an LF that follows is swallowed, even when it comes with the next
 * bytes. So no event waits for the one after it.
 *
 * Bytes that are not UTF-8 become U+FFFD and stay inside their line. An event may not grow beyond a
 * limit: a vendor that never ends its line would otherwise fill the isolate's memory.
 *
 * Only `event` and `data` are kept. Nobody reconnects to a vendor, so `id` and `retry` have no reader.
 *
 * Spec: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */

export interface SseEvent {
  readonly event: string | undefined;
  readonly data: string;
}

/** UTF-16 units that one event may have: 1 Mi. The largest honest one, a picture as text, is under half. */
const MAX_EVENT_LENGTH = 1 << 20;

/** The decoder's refusal: an event grew beyond its limit. The decoder is of no further use. */
export class SseOverflowError extends Error {
  override readonly name = "SseOverflowError";
}

/** Bytes in, events out. One decoder per stream. */
export class SseDecoder {
  readonly #text = new TextDecoder();
  readonly #maxEventLength: number;
  /** Pieces of the unfinished line; joined once, so many small pieces cost no more than one. */
  #line: string[] = [];
  #data: string[] = [];
  #event: string | undefined;
  #length = 0;
  #isAfterCr = false;

  constructor({ maxEventLength = MAX_EVENT_LENGTH }: { maxEventLength?: number } = {}) {
    this.#maxEventLength = maxEventLength;
  }

  /** Events that these bytes complete. Throws SseOverflowError. */
  push(bytes: Uint8Array): SseEvent[] {
    const text = this.#text.decode(bytes, { stream: true });
    const events: SseEvent[] = [];
    let start = 0;
    if (this.#isAfterCr && text.length > 0) {
      this.#isAfterCr = false;
      if (text.charCodeAt(0) === 10) start = 1;
    }
    start = this.#takeLines(text, start, events);
    if (start < text.length) {
      this.#grow(text.length - start);
      this.#line.push(text.slice(start));
    }
    return events;
  }

  /** All lines that end in the text; returns where the unfinished one begins. */
  #takeLines(text: string, from: number, events: SseEvent[]): number {
    let start = from;
    let lf = text.indexOf("\n", start);
    let cr = text.indexOf("\r", start);
    while (lf !== -1 || cr !== -1) {
      const isCr = cr !== -1 && (lf === -1 || cr < lf);
      const end = isCr ? cr : lf;
      this.#endLine(text.slice(start, end), events);
      const isCrLf = isCr && lf === end + 1;
      start = end + (isCrLf ? 2 : 1);
      this.#isAfterCr = isCr && !isCrLf && start === text.length;
      lf = passed(lf, start) ? text.indexOf("\n", start) : lf;
      cr = passed(cr, start) ? text.indexOf("\r", start) : cr;
    }
    return start;
  }

  #grow(length: number): void {
    this.#length += length;
    if (this.#length > this.#maxEventLength)
      throw new SseOverflowError(`An event is longer than ${this.#maxEventLength} characters`);
  }

  #endLine(rest: string, events: SseEvent[]): void {
    this.#grow(rest.length);
    const line = this.#line.length === 0 ? rest : this.#line.join("") + rest;
    if (this.#line.length > 0) this.#line = [];
    if (line !== "") {
      this.#takeField(line);
      return;
    }
    if (this.#data.length > 0) events.push({ event: this.#event, data: this.#data.join("\n") });
    this.#data = [];
    this.#event = undefined;
    this.#length = 0;
  }

  #takeField(line: string): void {
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    // A comment keeps the connection alive and may come for ever: it must not count.
    else this.#length -= line.length;
  }
}

/** Whether a place that was found lies before `start`; -1 was not found, and will not be. */
function passed(at: number, start: number): boolean {
  return at !== -1 && at < start;
}

/**
 * A stream of events that is pulled: nothing is read ahead, and one `next` at a time is asked for.
 * Between the vendor's bytes and the client's, each hop is one.
 */
export interface SseSource {
  /**
   * All events that are there at once, one at least, as soon as there are any; undefined at the end.
   * Rejects when the stream breaks, and gives nothing more after that.
   */
  next(): Promise<readonly SseEvent[] | undefined>;
  /** Closes whatever the events come from and settles a pending `next`. May be called at any time. */
  cancel(reason?: unknown): void;
}

const ENCODER = new TextEncoder();

function textOf({ event, data }: SseEvent): string {
  const head = event === undefined ? "" : `event: ${event}\n`;
  if (!/[\r\n]/.test(data)) return `${head}data: ${data}\n\n`;
  const body = data.split(/\r\n|\n|\r/).map((line) => `data: ${line}\n`);
  return `${head}${body.join("")}\n`;
}

/**
 * The bytes of a stream of events, made as they are asked for: what one `next` gives is one chunk.
 * Cancelling it cancels `events`.
 * @param view What goes out for each event; the event itself when left out. Where it throws, both streams end.
 */
export function sseBytes(
  events: SseSource,
  view: (event: SseEvent) => readonly SseEvent[] = (event) => [event],
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(out) {
        for (;;) {
          const batch = await events.next();
          if (batch === undefined) return out.close();
          let text = "";
          try {
            for (const event of batch) for (const shown of view(event)) text += textOf(shown);
          } catch (error) {
            if (text !== "") out.enqueue(ENCODER.encode(text));
            events.cancel(error);
            throw error;
          }
          if (text !== "") return out.enqueue(ENCODER.encode(text));
        }
      },
      cancel: (reason) => events.cancel(reason),
    },
    { highWaterMark: 0 }, // Nothing is read from the vendor that the client has not asked for.
  );
}
