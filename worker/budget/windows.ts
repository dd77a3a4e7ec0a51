/**
 * Which slot of an account is now, since when slots count, and when that changes.
 *
 * A calendar window has one slot, which begins where the day, the week (on Monday) or the month begins in the
 * budget's time zone. A day whose first hour a clock change leaves out begins with its first moment. A sliding
 * window is cut into equal slots and counts every slot that any part of it reaches into, so it remembers for
 * up to one slot longer than it says and never for less: what it lets through in any stretch of its own length
 * stays within the limit. A total has one slot for ever.
 *
 * Intl knows the time zones; asking it costs more than everything else here, so the window found last is kept
 * for each kind and zone until it ends.
 */

/** Where an account stands now; milliseconds since 1970. */
export interface Window {
  readonly slotMs: number;
  readonly sinceMs: number;
  /** When everything counted now has begun to fall out of it; undefined for a total. */
  readonly resetsMs: number | undefined;
  /** When the one before began; of calendars only. */
  readonly beforeMs?: number;
}

export const TOTAL: Window = { slotMs: 0, sinceMs: 0, resetsMs: undefined };

const DAY_MS = 86_400_000;

/** A window that slides. @param slots Into how many parts it is cut. */
export function slidingWindow(
  nowMs: number,
  { lengthMs, slots }: { lengthMs: number; slots: number },
): Window {
  const slotLengthMs = Math.ceil(lengthMs / slots);
  const slotMs = Math.floor(nowMs / slotLengthMs) * slotLengthMs;
  const sinceMs = Math.floor((nowMs - lengthMs) / slotLengthMs) * slotLengthMs;
  return { slotMs, sinceMs, resetsMs: slotMs + slotLengthMs };
}

type Calendar = "day" | "week" | "month";

/** Days, weeks and months as a time zone has them. Remembers the current one of each. */
export class Calendars {
  readonly #current = new Map<string, Window & { readonly resetsMs: number }>();
  readonly #formats = new Map<string, Intl.DateTimeFormat>();

  /** The window that `nowMs` lies in. @param timeZone IANA's name. Throws RangeError for an unknown one. */
  window(kind: Calendar, timeZone: string, nowMs: number): Window {
    const key = `${kind} ${timeZone}`;
    const known = this.#current.get(key);
    if (known !== undefined && nowMs >= known.slotMs && nowMs < known.resetsMs) return known;
    const [from, to] = daysAround(kind, this.#dateAt(nowMs, timeZone));
    const slotMs = this.#firstMoment(from, timeZone);
    const [before] = daysAround(kind, this.#dateAt(slotMs - 1, timeZone));
    const window = {
      slotMs,
      sinceMs: slotMs,
      resetsMs: this.#firstMoment(to, timeZone),
      beforeMs: this.#firstMoment(before, timeZone),
    };
    if (this.#current.size >= MAX_KEPT) this.#current.clear();
    this.#current.set(key, window);
    return window;
  }

  /** The first moment that has this date, or a later one where the zone has left it out. @param dayMs Midnight of UTC. */
  #firstMoment(dayMs: number, timeZone: string): number {
    // The zone's offsets on either side of a change that may fall on this midnight.
    const offsets = [-DAY_MS, DAY_MS].map((ms) => this.#offsetAt(dayMs + ms, timeZone));
    const moments = offsets.map((offset) => dayMs - offset);
    const own = moments.filter((ms) => this.#dateAt(ms, timeZone) === dayMs);
    return own.length > 0 ? Math.min(...own) : Math.max(...moments);
  }

  #offsetAt(ms: number, timeZone: string): number {
    const { date, time } = this.#partsAt(ms, timeZone);
    return date + time - Math.floor(ms / 1000) * 1000;
  }

  /** The local date, as midnight of UTC. */
  #dateAt(ms: number, timeZone: string): number {
    return this.#partsAt(ms, timeZone).date;
  }

  #partsAt(ms: number, timeZone: string): { date: number; time: number } {
    let format = this.#formats.get(timeZone);
    if (format === undefined) {
      format = new Intl.DateTimeFormat("en", { ...NUMBERS, timeZone });
      if (this.#formats.size >= MAX_KEPT) this.#formats.clear();
      this.#formats.set(timeZone, format);
    }
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    function of(type: Intl.DateTimeFormatPartTypes): number {
      return parts.get(type)!;
    }
    const date = Date.UTC(of("year"), of("month") - 1, of("day"));
    return { date, time: ((of("hour") * 60 + of("minute")) * 60 + of("second")) * 1000 };
  }
}

/** Time zones times kinds that any deployment has; beyond them it is only slower. */
const MAX_KEPT = 1_000;

const NUMBERS = {
  hourCycle: "h23",
  calendar: "iso8601",
  numberingSystem: "latn",
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
} as const;

/** The first day of the window that a day lies in, and of the next; each as midnight of UTC. */
function daysAround(kind: Calendar, dayMs: number): [from: number, to: number] {
  const date = new Date(dayMs);
  if (kind === "day") return [dayMs, dayMs + DAY_MS];
  if (kind === "week") {
    const monday = dayMs - ((date.getUTCDay() + 6) % 7) * DAY_MS;
    return [monday, monday + 7 * DAY_MS];
  }
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return [Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1)];
}
