/** Below each tile: which rule made its numbers and how fresh they are; on demand, all of it with the SQL. */

import { html } from "./elements.js";
import type { Formats } from "./formats.js";
import type { EntryFragment, RuleFragment } from "./generated.js";
import type { Words } from "./words.js";

/** A tile's numbers as they are, for readers who do not see the chart. */
export interface Grid {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The dictionary's entries by the metric's name. */
export type Entries = ReadonlyMap<string, EntryFragment>;

/** Of a fingerprint: its form and eight digits tell rules apart at a glance. */
const SHOWN = 11;

/** The columns of an answer: their names for people, and their units. */
export class Columns {
  readonly #columns: RuleFragment["columns"];

  constructor(rule: RuleFragment) {
    this.#columns = rule.columns;
  }

  label(name: string): string {
    return this.#columns.find((column) => column.name === name)?.label ?? name;
  }

  unit(name: string): string | null {
    return this.#columns.find((column) => column.name === name)?.unit ?? null;
  }
}

export function ruleFooter(
  rule: RuleFragment,
  grid: Grid,
  entries: Entries,
  words: Words,
  formats: Formats,
): HTMLElement {
  const columns = new Columns(rule);
  const freshest = rule.freshness.flatMap((one) => one.asOf ?? []).sort().at(-1);
  return html(
    "footer",
    {},
    html(
      "ul",
      { class: "rules" },
      ...rule.versions.map((one) =>
        html(
          "li",
          { title: one.fingerprint },
          html("span", {}, columns.label(one.column)),
          html("b", {}, `v${one.version}`),
          html("code", {}, one.fingerprint.slice(0, SHOWN)),
        ),
      ),
    ),
    ...rule.warnings.map((warning) => html("p", { class: "warning" }, warning.message)),
    html(
      "details",
      {},
      html(
        "summary",
        {},
        html("span", {}, words.rule),
        freshest === undefined ? null : html("span", { class: "fresh" }, words.dataUntil(formats.time(freshest))),
      ),
      html("dl", {}, ...rule.versions.flatMap((one) => meaning(one, entries.get(one.metric), words))),
      table(grid, words.numbers),
      html("h3", {}, words.statement),
      html("pre", { tabindex: 0 }, rule.sql),
      html("p", { class: "quiet" }, words.revision(rule.revision)),
    ),
  );
}

type Version = RuleFragment["versions"][number];

function meaning(version: Version, entry: EntryFragment | undefined, words: Words): HTMLElement[] {
  const title = html(
    "dt",
    {},
    `${entry?.label ?? version.metric}, ${words.version(version.version)}`,
    html("code", {}, version.fingerprint),
  );
  if (entry === undefined) return [title];
  const told = [entry.meaning, entry.howToRead, entry.owner && words.owner(entry.owner)];
  return [
    title,
    html("dd", {}, html("code", {}, entry.rule)),
    ...told.flatMap((text) => (text ? [html("dd", {}, text)] : [])),
  ];
}

function table(grid: Grid, caption: string): HTMLElement {
  const row = (scope: "col" | "row", cells: readonly string[]): HTMLElement =>
    html(
      "tr",
      {},
      ...cells.map((cell, index) =>
        scope === "col" || index === 0 ? html("th", { scope }, cell) : html("td", {}, cell),
      ),
    );
  return html(
    "div",
    { class: "scrolls", tabindex: 0 },
    html(
      "table",
      {},
      html("caption", {}, caption),
      html("thead", {}, row("col", grid.head)),
      html("tbody", {}, ...grid.rows.map((cells) => row("row", cells))),
    ),
  );
}
