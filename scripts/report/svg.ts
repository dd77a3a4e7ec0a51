/**
 * The little SVG that charts need: a frame with axes, lines, dots and a legend, written by hand.
 *
 * A picture is one file without scripts or fonts of its own, legible on white and on black: colours are
 * classes, and a media query picks their dark variants. Lines differ in dash as well as in colour, so
 * the picture can be read without telling colours apart.
 */

export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  /** Tick positions, within the range. */
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

/** Where values lie on the page. */
export interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly axes: string;
}

/** A line, dots, or the area that a line encloses, with its style and its name in the legend. */
export interface Series {
  /** Empty for a series that the legend leaves out. */
  readonly name: string;
  /** One of the classes of the style sheet: router, ridge, knn, statistics, length, random, oracle, zero. */
  readonly style: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly kind: "line" | "dots" | "band";
}

const WIDTH = 640;
const HEIGHT = 460;
const LEFT = 64;
const RIGHT = 28;
const TOP = 84;
const BOTTOM = 56;
const LEGEND_Y = 48;
const LEGEND_STEP = 18;

const STYLE = `
text{font:12px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#24292f}
.title{font-size:15px;font-weight:600}
.axis{stroke:#57606a;stroke-width:1;fill:none}
.grid{stroke:#d0d7de;stroke-width:1;fill:none}
.label{font-size:11px;fill:#57606a}
.note{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
path.line{fill:none;stroke-width:1.75;stroke-linejoin:round}
.router{stroke:#0550ae;fill:#0550ae}path.router{stroke-width:3}
.length{stroke:#bc4c00;fill:#bc4c00;stroke-dasharray:7 4}
.ridge{stroke:#8250df;fill:#8250df;stroke-dasharray:10 3 2 3}
.knn{stroke:#bf3989;fill:#bf3989;stroke-dasharray:3 3}
.statistics{stroke:#9a6700;fill:#9a6700;stroke-dasharray:6 2 2 2 2 2}
.random{stroke:#6e7781;fill:#6e7781;stroke-dasharray:2 4}
.oracle{stroke:#1a7f37;fill:#1a7f37;stroke-dasharray:12 4}
.zero{stroke:#424a53;fill:#424a53;stroke-dasharray:4 3}
.dot{stroke:none!important}
.band{stroke:none;fill-opacity:.16}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.label{fill:#9ea7b3}.note{stroke:#0d1117}
.axis{stroke:#8b949e}.grid{stroke:#30363d}
.router{stroke:#79c0ff;fill:#79c0ff}
.length{stroke:#ffa657;fill:#ffa657}
.ridge{stroke:#d2a8ff;fill:#d2a8ff}
.knn{stroke:#ff9bce;fill:#ff9bce}
.statistics{stroke:#e3b341;fill:#e3b341}
.random{stroke:#9ea7b3;fill:#9ea7b3}
.oracle{stroke:#56d364;fill:#56d364}
.zero{stroke:#c9d1d9;fill:#c9d1d9}
}`;

/** The plot area for two axes; values beyond an axis are drawn at its end. */
export function frame(x: Axis, y: Axis): Frame {
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];
  function scale({ from, to }: Axis, low: number, high: number): (value: number) => number {
    return (value) => {
      const share = to > from ? (value - from) / (to - from) : 0.5;
      return low + (high - low) * Math.min(Math.max(share, 0), 1);
    };
  }
  const [atX, atY] = [scale(x, LEFT, right), scale(y, bottom, TOP)];
  const vertical = x.ticks.map((tick) => {
    const at = round(atX(tick));
    return (
      `<path class="grid" d="M${at} ${TOP}V${bottom}"/>` +
      `<text class="label" x="${at}" y="${bottom + 17}" text-anchor="middle">${escape(x.format(tick))}</text>`
    );
  });
  const horizontal = y.ticks.map((tick) => {
    const at = round(atY(tick));
    return (
      `<path class="grid" d="M${LEFT} ${at}H${right}"/>` +
      `<text class="label" x="${LEFT - 8}" y="${at + 4}" text-anchor="end">${escape(y.format(tick))}</text>`
    );
  });
  const middleY = (TOP + bottom) / 2;
  const labels =
    `<text x="${(LEFT + right) / 2}" y="${HEIGHT - 14}" text-anchor="middle">${escape(x.label)}</text>` +
    `<text x="18" y="${middleY}" text-anchor="middle" transform="rotate(-90 18 ${middleY})">${escape(y.label)}</text>`;
  const axes = `<path class="axis" d="M${LEFT} ${TOP}V${bottom}H${right}"/>`;
  return { x: atX, y: atY, axes: [...vertical, ...horizontal, axes, labels].join("\n") };
}

export interface Content {
  readonly series: readonly Series[];
  /** Shapes of one's own, drawn above the series. */
  readonly extra?: string;
}

/** The whole picture. */
export function picture(
  title: string,
  { x, y, axes }: Frame,
  { series, extra = "" }: Content,
): string {
  const shapes = series.map(({ points, style, kind }) => {
    const places = points.map(([a, b]) => [round(x(a)), round(y(b))] as const);
    if (kind === "dots")
      return places
        .map(([cx, cy]) => `<circle class="dot ${style}" cx="${cx}" cy="${cy}" r="3"/>`)
        .join("");
    const path = places.map(([px, py], i) => `${i === 0 ? "M" : "L"}${px} ${py}`).join("");
    return kind === "band"
      ? `<path class="band ${style}" d="${path}Z"/>`
      : `<path class="line ${style}" d="${path}"/>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="${LEFT}" y="26">${escape(title)}</text>`,
    axes,
    ...shapes,
    extra,
    legend(series.filter(({ name }) => name !== "").toReversed()),
    "</svg>\n",
  ].join("\n");
}

/** Text beside a point of the plot, below it and to the right where there is room. */
export function note(text: string, { x, y }: { x: number; y: number }): string {
  const isRight = x > (2 * WIDTH) / 3;
  const isLow = y > HEIGHT - BOTTOM - 24;
  const [at, anchor] = isRight ? [x - 7, "end"] : [x + 7, "start"];
  return `<text class="label note" x="${round(at)}" y="${round(isLow ? y - 8 : y + 14)}" text-anchor="${anchor}">${escape(text)}</text>`;
}

/** Two rows between title and plot, where no curve can reach them; what is drawn last comes first. */
function legend(series: readonly Series[]): string {
  const columns = Math.max(Math.ceil(series.length / 2), 4);
  const step = (WIDTH - LEFT - RIGHT) / columns;
  return series
    .map(({ name, style, kind }, i) => {
      const left = round(LEFT + (i % columns) * step);
      const y = LEGEND_Y + Math.floor(i / columns) * LEGEND_STEP;
      const mark =
        kind === "dots"
          ? `<circle class="dot ${style}" cx="${left + 24}" cy="${y - 4}" r="3"/>`
          : `<path class="line ${style}" d="M${left} ${y - 4}h28"/>`;
      return `${mark}<text x="${left + 34}" y="${y}">${escape(name)}</text>`;
    })
    .join("\n");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
