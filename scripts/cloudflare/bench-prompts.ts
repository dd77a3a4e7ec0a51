/**
 * English prompts of a given length for timing: what matters is that they read like requests, with new
 * words coming up at a natural rate, because the features' cost grows with distinct words.
 */

/** Characters of a token in English prose. */
const TOKEN_CHARS = 4;

const PARAGRAPHS = [
  `We run a small bakery with three ovens and a delivery van, and our orders have doubled since spring. The early shift now starts at two in the morning, which nobody likes, and still the first deliveries are late on Saturdays. Please suggest how we could plan the night so that the sourdough, which needs a long proof, does not block the ovens when the rolls have to go in. Explain your reasoning step by step and keep an eye on the electricity tariff, which is cheaper before six.`,
  `Our sensor network reports soil moisture every ten minutes from forty fields. After heavy rain some probes jump to their maximum and stay there for hours, although the neighbouring ones fall again. I would like to detect such readings without throwing away true floods. Describe a method that a volunteer could maintain, name its assumptions, and say how you would test it on last year's recordings before anybody relies on the alarms.`,
  `Here is the letter that my landlord sent after the inspection. He claims that the scratches in the hallway, a cracked tile behind the stove and the faded curtains are damage that I must pay for. I lived there for seven years. Summarise what he demands, tell me which points are usually considered ordinary wear, and draft a polite answer that asks for receipts, mentions the deposit and proposes a meeting in the second week of March.`,
  `Consider a function that merges two sorted lists of intervals and returns the parts covered by both. My version works for most inputs but fails when an interval of the first list spans several of the second. Point out the mistake, write a corrected version in Python with type hints, and add property based tests that would have caught the problem. Afterwards discuss how the running time depends on the number of overlaps and whether a sweep line would be simpler.`,
  `The museum wants a leaflet for children about how lighthouses worked before electricity. It should tell of whale oil, of rotating lenses floating on mercury, and of the keeper's lonely winters, without frightening anyone. Use short sentences, one surprising fact in each paragraph and a riddle at the end. The text will be translated into Norwegian and Portuguese, so avoid puns that only work in English.`,
  `During the trial the blood pressure of the treated group fell by eight points on average and that of the control group by three, with standard deviations of twelve and eleven. There were ninety people in each arm, but fourteen of the treated dropped out, mostly because of dizziness. Is the difference convincing? Compute a confidence interval, explain what the missing participants could change, and recommend how the abstract should word the conclusion.`,
  `A train leaves the harbour at a quarter past seven and climbs to the mountain station at thirty kilometres an hour; the return journey downhill takes twenty minutes less. If the driver rests for half an hour at the top and is back before noon, how long can the line be at most? Show every equation, check the result by inserting it, and then generalise the problem for an arbitrary speed and an arbitrary rest.`,
  `Translate the following minutes into formal German and turn the open questions into a table with a responsible person and a date. The committee approved the new playground, postponed the bridge repair until the survey is published, and asked the treasurer for a forecast that includes rising wages. Two members objected to felling the chestnut trees. The next session takes place in the school gymnasium because the town hall will be painted.`,
  `Write a short story in which an archivist discovers that every map in her collection omits the same valley. Let the tone be dry rather than mysterious, give the valley a name only in the last line, and use the vocabulary of surveying where it fits naturally: triangulation, benchmark, declination, theodolite. It should be suitable for reading aloud in ten minutes.`,
  `Compare three ways of storing event logs for a workshop with sixty machines: plain files rotated daily, an embedded database, and a hosted time series service. Consider power cuts, the cost of five years of history, queries such as the longest stop per week, and the fact that the only person who can administer anything is the apprentice. End with a recommendation and the first two steps.`,
];

/** `count` prompts of about `tokens` tokens; each begins with another paragraph. */
export function promptsOfLength(tokens: number, count: number): string[] {
  return Array.from({ length: count }, (_, start) => {
    const rotated = PARAGRAPHS.map((_text, i) => PARAGRAPHS[(start + i) % PARAGRAPHS.length]);
    return rotated.join("\n\n").slice(0, tokens * TOKEN_CHARS);
  });
}
