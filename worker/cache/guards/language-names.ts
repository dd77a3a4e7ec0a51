/**
 * What languages are called, in English and in themselves, and the words that give a text's language away.
 *
 * Stop words stand in as few rows as can be: those of several languages count for each. A dozen languages in Latin
 * letters; the others are told by their script.
 */

/** Code, then names. */
const NAMES = [
  "en english englisch anglais inglés ingles inglese inglês engels английском английский 英语 英文 英語",
  "de german deutsch allemand alemán aleman tedesco alemão duits tyska немецком немецкий 德语 德文 ドイツ語",
  "fr french français francais französisch francés frances francese francês frans французском 法语 法文 フランス語",
  "es spanish español espanol castellano spanisch espagnol spagnolo espanhol spaans испанском 西班牙语",
  "it italian italiano italienisch italien italiaans",
  "pt portuguese português portugues portugiesisch portugais portugués",
  "nl dutch nederlands niederländisch néerlandais holländisch",
  "sv swedish svenska schwedisch",
  "da danish dansk dänisch",
  "no norwegian norsk norwegisch",
  "fi finnish suomi suomeksi finnisch",
  "pl polish polski polsku polnisch",
  "cs czech česky čeština tschechisch",
  "ro romanian română rumänisch",
  "hu hungarian magyar magyarul ungarisch",
  "tr turkish türkçe türkisch",
  "id indonesian bahasa",
  "vi vietnamese vietnamesisch",
  "ru russian русский русском russisch russe ruso",
  "uk ukrainian українською ukrainisch",
  "el greek griechisch",
  "he hebrew",
  "ar arabic arabisch arabe العربية",
  "fa persian farsi",
  "hi hindi",
  "bn bengali",
  "ur urdu",
  "ta tamil",
  "th thai",
  "zh chinese mandarin cantonese chinesisch chinois chino 中文 汉语",
  "ja japanese japanisch japonais japonés 日语 日本語",
  "ko korean koreanisch 한국어 한국어로",
  "la latin latein",
  "sw swahili",
  "ga irish gaelic",
] as const;

const STOP_WORDS = {
  en: "the of and to is are was what how do does i you in it for with that can my why this have be on which",
  de: "der die das und ist ein eine nicht wie was ich du mit für auf den dem zu von wird warum kann man sich mein wo",
  fr: "le la les des du et est un une que qui comment pourquoi je vous pour dans avec sur quelle quel mon ce faire",
  es: "el la los las de y es un una que qué cómo por para con en mi cuál como se del cuáles está",
  it: "il lo la gli di e è un una che come per con perché mi qual quali sono della del si cosa",
  pt: "o os de e é um uma que como por para com em meu qual quais não da você se são",
  nl: "de het een en is van wat hoe ik je met voor op niet waarom mijn dat kan welke zijn",
  sv: "och är en ett det vad hur jag du med för på inte varför min som kan av att vilken",
  pl: "jest w na co jak nie się czy z dlaczego mój są jaki jaka",
  cs: "je v na co jak ne se do proč můj jsou jaký která jaké",
  ro: "și este un o ce cum nu se de pentru cu care meu sunt cea din",
  tr: "ve bir bu ne nasıl için ile mi mı neden benim çok en hangi nedir",
  id: "yang dan di ini itu apa bagaimana saya untuk dengan tidak mengapa adalah dari",
} as const;

export type Coded = ReadonlyMap<string, readonly string[]>;

/** Name → its one code. Names in scripts without blanks are several words. */
export const LANGUAGE_NAMES: ReadonlyMap<string, string> = new Map(
  NAMES.flatMap((row) => {
    const [code = "", ...names] = row.split(" ");
    return names.map((name): [string, string] => [name, code]);
  }),
);

/** Stop word → the codes that have it. */
export const STOP_WORD_CODES: Coded = collected(
  Object.entries(STOP_WORDS).flatMap(([code, words]) =>
    words.split(" ").map((word): [string, string] => [word, code]),
  ),
);

function collected(pairs: readonly [string, string][]): Coded {
  const codes = new Map<string, string[]>();
  for (const [word, code] of pairs) codes.set(word, [...(codes.get(word) ?? []), code]);
  return codes;
}
