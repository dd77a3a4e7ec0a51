/** In which language a prompt is, and which it asks for. */
import { languagesDiffer } from "../../../../worker/cache/guards/language.ts";
import { describeGuard } from "../../../contract/guard-contract.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["in French", "in German"],
  ["to Spanish", "from Spanish"],
  ["What is the sky and why is it blue?", "Was ist der Himmel und warum ist er blau?"],
  ["What is gravity?", "Что такое гравитация?"],
  ["法国的首都是什么", "フランスの首都はどこですか"],
  ["say it in Danish", "say it"],
  ["auf Deutsch bitte", "auf Englisch bitte"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["in German", "auf Deutsch"],
  ["into French", "in French"],
  ["French history", "the history of France"],
  ["hola", "hello"],
  ["How do I say that in English?", "How do I say that?"],
  ["¿Qué es la gravedad?", "¿Qué significa la gravedad?"],
] as const;

describeGuard("languages", languagesDiffer, { apart: APART, alike: ALIKE });
