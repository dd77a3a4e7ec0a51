/**
 * Units and currencies by all their names.
 *
 * Names that are nothing else count wherever they stand. Symbols that are also letters or words, and words for spans
 * of time that prose is full of ("these days"), count only beside a number or where they are asked for.
 */

/** Canonical name, then its other names. */
const CLEAR = [
  "km kms kilometer kilometers kilometre kilometres",
  "metre metres meter meters",
  "cm centimeter centimeters centimetre centimetres",
  "mm millimeter millimeters millimetre millimetres",
  "mile miles",
  "inch inches",
  "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes",
  "gram grams gramme grammes",
  "mg milligram milligrams",
  "lb lbs",
  "oz ounce ounces",
  "tonne tonnes ton tons",
  "litre litres liter liters",
  "millilitre millilitres milliliter milliliters",
  "gallon gallons gal",
  "pint pints",
  "tablespoon tablespoons tbsp",
  "teaspoon teaspoons tsp",
  "celsius centigrade",
  "fahrenheit",
  "kelvin kelvins",
  "radian radians",
  "mph",
  "kmh kph",
  "dollar dollars usd $",
  "euro euros eur €",
  "sterling gbp £ quid",
  "yen jpy ¥",
  "rupee rupees inr ₹ rs",
  "yuan cny renminbi rmb",
  "franc francs chf",
  "ruble rubles rub ₽",
  "bitcoin bitcoins btc",
  "cent cents",
  "pence",
  "byte bytes",
  "kb kilobyte kilobytes",
  "mb megabyte megabytes",
  "gb gigabyte gigabytes",
  "tb terabyte terabytes",
  "mib mebibyte mebibytes",
  "gib gibibyte gibibytes",
  "mbps",
  "gbps",
  "hertz hz",
  "khz",
  "mhz",
  "ghz",
  "watt watts",
  "kw kilowatt kilowatts",
  "kwh",
  "volt volts",
  "ampere amperes",
  "joule joules",
  "calorie calories kcal kcals",
  "pascal pascals",
  "psi",
  "acre acres",
  "hectare hectares",
  "px pixel pixels",
  "ms millisecond milliseconds",
] as const;

/** Beside a number, or where they are asked for. */
const BESIDE = [
  "second seconds sec secs s",
  "minute minutes min mins",
  "hour hours hr hrs h",
  "day days d",
  "week weeks",
  "month months",
  "year years yr yrs",
  "decade decades",
  "century centuries",
  "metre m",
  "mile mi",
  "foot feet ft",
  "yard yards yd",
  "stone stones",
  "cup cups",
  "knot knots",
  "millilitre ml",
  "inch in",
  "gram g",
  "litre l",
  "sterling pound pounds",
  "lb #",
  "celsius c °c",
  "fahrenheit f °f",
  "kelvin k",
  "degree degrees deg °",
  "volt v",
  "watt w",
  "ampere amp amps a",
  "byte b",
  "bit bits",
] as const;

function named(rows: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    rows.flatMap((row) => {
      const [canonical = "", ...others] = row.split(" ");
      return [canonical, ...others].map((name): [string, string] => [name, canonical]);
    }),
  );
}

const clear = named(CLEAR);
const beside = named(BESIDE);

/** The unit that a word names wherever it stands. */
export function clearUnit(word: string): string | undefined {
  return clear.get(word);
}

/** Words that are units only where they hang at the number: "5in", "5a". */
export const HANGING: ReadonlySet<string> = new Set(["in", "a"]);

/** The unit that a word names beside a number. */
export function unitBeside(word: string): string | undefined {
  return clear.get(word) ?? beside.get(word);
}
