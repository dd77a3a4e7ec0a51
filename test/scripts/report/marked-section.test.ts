/**
 * A section of a card is replaced to the letter, `$&` included; a card with unclear markers is left alone.
 */
import { describe, it } from "vitest";
import { replaceSection } from "../../../scripts/report/marked-section.ts";

const START = "<!-- evaluation:start -->";
const END = "<!-- evaluation:end -->";

describe("replaceSection", () => {
  it("replaces what stands between the markers and nothing else", ({ expect }) => {
    const card = `# Router\n\n${START}\nold | table\n${END}\n\nLicence.\n`;
    const replaced = replaceSection(card, "evaluation", "\nnew $& table\n");
    expect(replaced).toBe(`# Router\n\n${START}\n\nnew $& table\n\n${END}\n\nLicence.\n`);
    expect(replaceSection(replaced, "evaluation", "new $& table")).toBe(replaced);
  });

  it.each(["", START, END, `${END} ${START}`, `${START} ${END} ${START} ${END}`])(
    "refuses a card with the markers %j",
    (card) => {
      let message = "accepted";
      try {
        replaceSection(card, "evaluation", "new");
      } catch (error) {
        message = String(error);
      }
      if (!message.includes(START) || !message.includes(END)) throw new Error(message);
    },
  );
});
