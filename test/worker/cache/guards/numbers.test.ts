/** Which spellings are one number, and where their order matters. */
import { numbersDiffer } from "../../../../worker/cache/guards/numbers.ts";
import { describeGuard } from "../../../contract/guard-contract.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["3 eggs", "4 eggs"],
  ["from 3 to 5", "from 5 to 3"],
  ["5%", "5"],
  ["version 3.1", "version 3.10"],
  ["the third chapter", "chapter 3"],
  ["-5 degrees", "5 degrees"],
  ["room 6q", "room 6z"],
  ["the 1980s", "the 1980 model"],
  ["World War II", "World War III"],
  ["two apples", "one apple"],
  ["half a litre", "a litre"],
  ["三个苹果", "五个苹果"],
  ["drei Äpfel", "fünf Äpfel"],
  ["5k", "5 million"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["1,000 words", "1000 words"],
  ["1 000 000 rows", "one million rows"],
  ["25 guests", "twenty-five guests"],
  ["301 days", "three hundred and one days"],
  ["5,300", "five thousand three hundred"],
  ["15 percent", "15%"],
  ["the 3rd door", "the third door"],
  ["World War II", "world war 2"],
  ["give me one example", "give me an example"],
  ["one apple", "1 apple"],
  ["5k steps", "5000 steps"],
  ["5 apples and 3 pears", "3 pears and 5 apples"],
  ["$5.00", "$5"],
  ["2.5 million", "2,500,000"],
  ["a dozen eggs", "12 eggs"],
  ["minus 4", "-4"],
  ["30 seconds", "30 second timer"],
] as const;

describeGuard("numbers", numbersDiffer, { apart: APART, alike: ALIKE });
