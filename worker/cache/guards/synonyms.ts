/**
 * Words that may stand for one another in a question, and words that a question can do without.
 *
 * Hand-made and short: it serves substitution.ts alone, where a missing row costs a hit and a wrong one an answer.
 */
import { stem } from "./stem.ts";

const ROWS = [
  "fix repair mend solve resolve",
  "quick fast rapid quickly rapidly swift",
  "begin start",
  "end finish",
  "big large huge",
  "small little tiny",
  "buy purchase",
  "car vehicle automobile",
  "phone smartphone cellphone mobile",
  "movie film",
  "write compose draft",
  "watch see",
  "summary summarise summarize",
  "photo picture image photograph",
  "kid child children",
  "error bug issue problem",
  "function method",
  "difference distinction differ differs different",
  "purpose use used usage point",
  "important crucial essential vital importance",
  "reason cause",
  "remove delete erase",
  "build make create construct produce write generate",
  "job work employment",
  "earn make",
  "study learn master",
  "improve enhance better boost",
  "tip advice suggestion",
  "step procedure process",
  "method technique approach",
  "idea suggestion",
  "benefit advantage perk upside",
  "drawback disadvantage downside con",
  "side effect",
  "ill sick",
  "doctor physician",
  "happy glad",
  "afraid scared",
  "smart intelligent clever",
  "stupid dumb",
  "rich wealthy",
  "pretty beautiful",
  "hard difficult tough",
  "easy simple",
  "cheap inexpensive affordable",
  "pick choose select",
  "choose pick",
  "find locate search",
  "get obtain receive acquire",
  "cut reduce",
  "drop lose",
  "change alter modify",
  "convert transform turn change",
  "cook prepare make",
  "clean wash",
  "price cost",
  "pay salary wage",
  "trip journey travel",
  "town city",
  "country nation",
  "area region",
  "author writer written wrote write",
  "creator inventor invented invent created",
  "discovered discover discovery discoverer",
  "answer reply respond response",
  "speak talk",
  "site website",
  "app application",
  "program software",
  "pc computer",
  "folder directory",
  "string text",
  "list array",
  "iterate loop",
  "compare comparison contrast",
  "sort order arrange",
  "distance far",
  "height tall high",
  "age old",
  "weight heavy weigh",
  "length long",
  "population people inhabitants live",
  "meaning definition",
  "treat treatment cure remedy",
  "stop quit",
  "handle manage deal",
  "right correct proper properly correctly",
  "wrong incorrect",
  "common typical usual",
  "nice good great best ideal optimal top",
  "effective efficient good best",
  "ensure guarantee",
  "happen occur",
  "show display",
  "run execute",
  "launch start",
  "set configure setup",
  "lawyer attorney",
  "present gift",
  "sofa couch",
  "holiday vacation",
  "autumn fall",
] as const;

const IDLE = `brief briefly a an the this that these those some any all of in on at to for from by with about into as
is are was were be been being am do does did doing done have has had having can could will would shall
should may might must i you he she it we they me my mine your yours our us their them his her its and or
but if so than then there here what which who whom whose when where why how s t tell explain describe
show give define know want need mean like help let just also very really actually exactly good best way
ways possible one ones every each work works working get go going use using used well much many more
most kind sort thing things something anything please able between within during while simple simply
better main own ever still yet over up out off down no not called name named meant refer refers say said
explanation description meaning definition reason come comes happen happened occur`;

const idle = new Set(IDLE.split(/\s+/));
const rows = new Map<string, number[]>();
for (const [row, words] of ROWS.entries())
  for (const word of words.split(" ")) {
    const key = stem(word);
    rows.set(key, [...(rows.get(key) ?? []), row]);
  }

/** Whether a word in lower case says nothing of what is asked about. */
export function isIdle(word: string): boolean {
  return idle.has(word);
}

/** The rows that a stem is in, by their numbers: two stems of one row are alike. */
export function rowsOf(key: string): readonly number[] {
  return rows.get(key) ?? [];
}
