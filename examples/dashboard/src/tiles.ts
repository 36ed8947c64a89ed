/** What each tile shows of its answer. */

import { fitted, html } from "./elements.js";
import type { Formats } from "./formats.js";
import type { BasketsFragment, DepartmentsFragment, TrendFragment } from "./generated.js";
import { bar, spark } from "./marks.js";
import { Columns, ruleFooter } from "./rule.js";
import type { Entries, Grid } from "./rule.js";
import { trendChart } from "./trend.js";
import type { Words } from "./words.js";

/** What tiles need to know of the page. `choose` filters by a department, or by none. */
export interface Page {
  readonly words: Words;
  readonly formats: Formats;
  readonly entries: Entries;
  readonly department: string | null;
  readonly choose: (department: string | null) => void;
}

export function trendTile({ rows, totals, meta }: TrendFragment, page: Page): Node[] {
  const { words, formats, entries } = page;
  const columns = new Columns(meta);
  const [label, change, unit] = [columns.label("sales"), columns.label("growth"), columns.unit("sales")];
  const points = rows.map((row) => ({
    label: formats.month(row.month, "short"),
    value: row.sales === null ? null : Number(row.sales),
    change: row.growth,
    changeText: formats.change(row.growth),
    told: [
      formats.month(row.month, "long"),
      `${label} ${formats.value(row.sales, unit)}`,
      `${change} ${formats.change(row.growth)}`,
    ],
  }));
  const grid: Grid = {
    head: [words.month, label, change],
    rows: rows.map((row) => [
      formats.month(row.month, "long"),
      formats.value(row.sales, unit),
      formats.change(row.growth),
    ]),
  };
  const summary = `${label}, ${words.byMonth}: ${grid.rows.map((row) => row.slice(0, 2).join(" ")).join("; ")}`;
  const chartWords = { summary, changes: change, tick: (value: number) => formats.short(value) };
  return [
    html(
      "header",
      {},
      html("h2", {}, label, html("small", {}, words.byMonth)),
      choice(page),
      html("p", { class: "figure", "data-number": "sales" }, formats.rounded(totals.sales, unit)),
    ),
    fitted("chart", (width) => trendChart(points, chartWords, width)),
    ruleFooter(meta, grid, entries, words, formats),
  ];
}

export function basketsTile({ rows, totals, meta }: BasketsFragment, page: Page): Node[] {
  const { words, formats, entries } = page;
  const columns = new Columns(meta);
  const names = ["averageBasketValue", "baskets"] as const;
  const figures = names.map((name) =>
    html(
      "div",
      { class: "kpi" },
      html("h2", {}, columns.label(name)),
      html("p", { class: "figure", "data-number": name }, formats.value(totals[name], columns.unit(name))),
      spark(rows.map((row) => (row[name] === null ? null : Number(row[name]))), 132, 44),
    ),
  );
  const grid: Grid = {
    head: [words.month, ...names.map((name) => columns.label(name))],
    rows: rows.map((row) => [
      formats.month(row.month, "long"),
      ...names.map((name) => formats.value(row[name], columns.unit(name))),
    ]),
  };
  return [
    html("header", {}, choice(page)),
    html("div", { class: "kpis" }, ...figures),
    ruleFooter(meta, grid, entries, words, formats),
  ];
}

export function departmentsTile({ rows, meta }: DepartmentsFragment, page: Page): Node[] {
  const { words, formats, entries } = page;
  const columns = new Columns(meta);
  const [label, share, unit] = [columns.label("sales"), columns.label("salesShare"), columns.unit("sales")];
  const largest = Math.max(...rows.map((row) => Number(row.sales ?? 0)));
  const grid: Grid = {
    head: [columns.label("product.department"), label, share],
    rows: rows.map((row) => [
      row.product.department ?? words.missing,
      formats.value(row.sales, unit),
      formats.value(row.salesShare, columns.unit("salesShare")),
    ]),
  };
  const items = rows.map((row) => {
    const name = row.product.department;
    const chosen = name !== null && name === page.department;
    const state = { "aria-pressed": String(chosen), "data-department": name ?? "", disabled: name === null };
    const button = html(
      "button",
      { type: "button", ...state },
      html("span", { class: "name" }, name ?? words.missing),
      html("span", { class: "amount" }, formats.rounded(row.sales, unit)),
      html("span", { class: "share" }, formats.value(row.salesShare, columns.unit("salesShare"))),
      bar(largest > 0 ? Number(row.sales ?? 0) / largest : 0),
    );
    button.addEventListener("click", () => page.choose(chosen ? null : name));
    return html("li", {}, button);
  });
  const hint = html("span", { class: "choice" }, words.choose);
  return [
    html("header", {}, html("h2", {}, label, html("small", {}, words.top(grid.head[0] ?? "", rows.length))), hint),
    html("ol", { class: page.department === null ? "bars" : "bars filtered" }, ...items),
    ruleFooter(meta, grid, entries, words, formats),
  ];
}

export function emptyTile(page: Page): Node[] {
  return [html("header", {}, choice(page)), html("p", { class: "empty" }, page.words.nothing)];
}

/** The filter that this tile stands under, and the way out of it. */
function choice({ words, department, choose }: Page): HTMLElement {
  if (department === null) return html("span", { class: "choice" }, words.all);
  const button = html("button", { type: "button", class: "choice", title: words.reset }, words.only(department), " ×");
  button.addEventListener("click", () => choose(null));
  return button;
}
