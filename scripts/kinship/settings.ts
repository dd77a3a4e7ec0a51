/** What the released head is trained with: chosen on the held-out triples alone; see its card and LOG.md. */
import type { KinSettings } from "./fit.ts";

export const STEPS = 1_500;

export const KIN_SETTINGS: Omit<KinSettings, "steps"> = {
  shape: { wordRows: 8_192, letterRows: 8_192, dimensions: 128 },
  lessons: 64,
  rate: 8e-4,
  damping: 1e-4,
  nearWeight: 0.3,
  farWeight: 2,
  leastLength: 0.05,
  leastRarity: 2,
  border: 0.6,
  sharpness: 12,
};
