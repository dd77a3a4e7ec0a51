/**
 * A catalogue held against a price list: what would change in which entry, and what stands against it.
 *
 * Models are found by exact name, the vendor's and the model's; nothing is guessed. A change stands on its
 * own, except that an entry is held back as a whole where
 * - a price would change tenfold, in either direction: lists have slips of the hand, too;
 * - the entry's price has a note, since a note says that the plain figure of a list is not the whole of it;
 * - the list contradicts itself, or the entry would be none that the catalogue can hold.
 * Someone who has looked may force it by name. Capabilities are shown and left to a person: a request goes
 * wrong by them, not only a bill.
 */
import { parseCatalog, type Catalog, type CatalogModel } from "../../router-models/catalog.ts";
import {
  forLongPrompts,
  namesOf,
  PRICE_FIELDS,
  RATES,
  type Capability,
  type Field,
  type PriceList,
  type Quote,
  type QuotedNumbers,
} from "./quote.ts";

export interface NumberChange {
  readonly field: Field;
  /** Absent where the catalogue has none. */
  readonly before?: number;
  readonly after: number;
  /** Such as 25 for a quarter more; absent where there was none before. */
  readonly percent?: number;
  /** Whether `--write` takes it over. */
  readonly isTaken: boolean;
}

/** Why an entry is held back until it is forced. */
export type Objection = "tenfold" | "noted" | "ambiguous" | "free";

export interface EntryComparison {
  readonly model: string;
  readonly changes: readonly NumberChange[];
  /** In the list and not in the catalogue, and the other way round. */
  readonly gained: readonly Capability[];
  readonly lost: readonly Capability[];
  readonly objection?: Objection;
  readonly isForced: boolean;
}

export interface Comparison {
  readonly format: PriceList["format"];
  /** Entries that differ from the list, in the catalogue's order. */
  readonly entries: readonly EntryComparison[];
  /** Models of the catalogue that the list does not have. */
  readonly unmatched: readonly string[];
}

/** Prices may change by less than this, up or down, without anybody having looked. */
const TENFOLD = 10;

const WINDOWS: readonly Field[] = ["contextTokens", "maxOutputTokens"];

/** Throws an Error for a forced name that the catalogue does not have. */
export function compare(
  catalog: Catalog,
  list: PriceList,
  forced: ReadonlySet<string>,
): Comparison {
  const ids = new Set(catalog.models.map(({ id }) => id));
  for (const name of forced)
    if (!ids.has(name)) throw new Error(`--force ${name}: the catalogue has no such model`);
  const byName = Map.groupBy(list.quotes, ({ vendor, model }) => `${vendor}\n${model}`);
  const entries: EntryComparison[] = [];
  const unmatched: string[] = [];
  for (const model of catalog.models) {
    const { vendor, model: name } = namesOf(model, list);
    const [quote, ...others] = byName.get(`${vendor}\n${name}`) ?? [];
    if (quote === undefined) unmatched.push(model.id);
    else {
      const isAmbiguous = others.some((other) => contradicts(quote, other));
      const entry = entryOf(model, { quote, list, isAmbiguous, isForced: forced.has(model.id) });
      if (entry.changes.length + entry.gained.length + entry.lost.length > 0) entries.push(entry);
    }
  }
  return { format: list.format, entries, unmatched };
}

/** Whether `--write` changes anything in the entry. */
export function isTakenOver({ changes, objection, isForced }: EntryComparison): boolean {
  return changes.some(({ isTaken }) => isTaken) && (objection === undefined || isForced);
}

/** The catalogue with what is taken over. Throws as `parseCatalog` does, where that is no catalogue. */
export function withPrices(
  catalog: Catalog,
  { entries }: Comparison,
  { url, date }: { url: string; date: string },
): Catalog {
  const taken = new Map(entries.filter(isTakenOver).map((entry) => [entry.model, entry]));
  if (taken.size === 0) return catalog;
  return parseCatalog({
    ...catalog,
    version: date,
    models: catalog.models.map((model) => {
      const entry = taken.get(model.id);
      return entry === undefined ? model : changedModel(model, entry, { url, seen: date });
    }),
  });
}

function entryOf(
  model: CatalogModel,
  {
    quote,
    list,
    isAmbiguous,
    isForced,
  }: { quote: Quote; list: PriceList; isAmbiguous: boolean; isForced: boolean },
): EntryComparison {
  const before = numbersOf(model);
  const changes = [...PRICE_FIELDS, ...WINDOWS].flatMap((field): NumberChange[] => {
    const [was, is] = [before[field], quote.numbers[field]];
    if (is === undefined || is === was) return [];
    // An entry cannot hold a 0: it is what a list has where it does not know.
    const isTaken = list.trusted.has(field) && is > 0;
    if (was === undefined) return is === 0 ? [] : [{ field, after: is, isTaken }];
    return [{ field, before: was, after: is, percent: percentOf(was, is), isTaken }];
  });
  const has = new Set(model.capabilities);
  const said = [...quote.capabilities];
  const objection = objectionTo(model, changes, isAmbiguous);
  return {
    model: model.id,
    changes,
    gained: said.filter(([name, isThere]) => isThere && !has.has(name)).map(([name]) => name),
    lost: said.filter(([name, isThere]) => !isThere && has.has(name)).map(([name]) => name),
    ...(objection !== undefined && { objection }),
    isForced,
  };
}

function objectionTo(
  { price }: CatalogModel,
  changes: readonly NumberChange[],
  isAmbiguous: boolean,
): Objection | undefined {
  const prices = changes.filter(({ field }) => PRICE_FIELDS.includes(field));
  if (isAmbiguous) return "ambiguous";
  if (prices.some(({ after }) => after === 0)) return "free";
  if (prices.some(({ before, after }) => before !== undefined && isTenfold(after / before)))
    return "tenfold";
  return prices.length > 0 && price.note !== undefined ? "noted" : undefined;
}

function isTenfold(ratio: number): boolean {
  return ratio >= TENFOLD || ratio <= 1 / TENFOLD;
}

function contradicts(one: Quote, other: Quote): boolean {
  return PRICE_FIELDS.some((field) => {
    const [a, b] = [one.numbers[field], other.numbers[field]];
    return a !== undefined && b !== undefined && a !== b;
  });
}

function numbersOf({ price, contextTokens, maxOutputTokens }: CatalogModel): QuotedNumbers {
  const { longPrompts } = price;
  return {
    ...ratesIn(price),
    ...(longPrompts && forLongPrompts(longPrompts.aboveTokens, ratesIn(longPrompts))),
    contextTokens,
    maxOutputTokens,
  };
}

function ratesIn(rates: QuotedNumbers): QuotedNumbers {
  return Object.fromEntries(RATES.map((rate) => [rate, rates[rate]]));
}

function percentOf(before: number, after: number): number {
  return Number((100 * (after / before - 1)).toPrecision(4));
}

function changedModel(
  model: CatalogModel,
  { changes }: EntryComparison,
  { url, seen }: { url: string; seen: string },
): unknown {
  const taken = changes.filter(({ isTaken }) => isTaken);
  function partOf(fields: readonly Field[]): Record<string, number> {
    const own = taken.filter(({ field }) => fields.includes(field));
    return Object.fromEntries(own.map(({ field, after }) => [field, after]));
  }
  const [prices, windows] = [partOf(PRICE_FIELDS), partOf(WINDOWS)];
  const { note, longPrompts, ...price } = model.price;
  const { usual, long } = apart(prices);
  const read = new Set([
    ...(Object.keys(prices).length > 0 ? (["price"] as const) : []),
    ...(Object.keys(windows).length > 0 ? (["context"] as const) : []),
  ]);
  const others = model.sources.filter(({ what }) => what !== "price" && what !== "context");
  return {
    ...model,
    price: {
      ...price,
      ...usual,
      ...((longPrompts !== undefined || Object.keys(long).length > 0) && {
        longPrompts: { ...longPrompts, ...long },
      }),
      ...(note !== undefined && { note }),
    },
    ...windows,
    sources: [
      ...(["price", "context"] as const).flatMap((what) =>
        read.has(what) ? [{ what, url, seen }] : model.sources.filter((own) => own.what === what),
      ),
      ...others,
    ],
  };
}

/** The usual rates, and those for long prompts under their own names. */
function apart(prices: Readonly<Record<string, number>>) {
  const usual: Record<string, number> = {};
  const long: Record<string, number> = {};
  for (const [field, after] of Object.entries(prices)) {
    const [head, tail] = field.split(".");
    if (tail === undefined) usual[head!] = after;
    else long[tail] = after;
  }
  return { usual, long };
}
