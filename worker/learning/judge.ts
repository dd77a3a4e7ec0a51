/** The judge's words (router-models/families/judge.ts), for whoever has answers graded beside requests. */
import {
  judgeMessages,
  qualityOfGrade,
  readGrade,
  type Judged,
} from "../../router-models/families/judge.ts";

export const JUDGE = {
  /** What to ask of a model. */
  messages: (judged: Judged) =>
    judgeMessages(judged).map(({ role, content }) => ({ role, content })),
  /** What a reply says the answer is worth, 0 to 1; undefined where it does not say. */
  score(reply: string): number | undefined {
    const grade = readGrade(reply);
    return grade === undefined ? undefined : qualityOfGrade(grade);
  },
};
