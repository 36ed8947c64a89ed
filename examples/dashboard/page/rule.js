import { html } from "./elements.js";
const SHOWN = 11;
export class Columns {
    #columns;
    constructor(rule) {
        this.#columns = rule.columns;
    }
    label(name) {
        return this.#columns.find((column) => column.name === name)?.label ?? name;
    }
    unit(name) {
        return this.#columns.find((column) => column.name === name)?.unit ?? null;
    }
}
export function ruleFooter(rule, grid, entries, words, formats) {
    const columns = new Columns(rule);
    const freshest = rule.freshness.flatMap((one) => one.asOf ?? []).sort().at(-1);
    return html("footer", {}, html("ul", { class: "rules" }, ...rule.versions.map((one) => html("li", { title: one.fingerprint }, html("span", {}, columns.label(one.column)), html("b", {}, `v${one.version}`), html("code", {}, one.fingerprint.slice(0, SHOWN))))), ...rule.warnings.map((warning) => html("p", { class: "warning" }, warning.message)), html("details", {}, html("summary", {}, html("span", {}, words.rule), freshest === undefined ? null : html("span", { class: "fresh" }, words.dataUntil(formats.time(freshest)))), html("dl", {}, ...rule.versions.flatMap((one) => meaning(one, entries.get(one.metric), words))), table(grid, words.numbers), html("h3", {}, words.statement), html("pre", { tabindex: 0 }, rule.sql), html("p", { class: "quiet" }, words.revision(rule.revision))));
}
function meaning(version, entry, words) {
    const title = html("dt", {}, `${entry?.label ?? version.metric}, ${words.version(version.version)}`, html("code", {}, version.fingerprint));
    if (entry === undefined)
        return [title];
    const told = [entry.meaning, entry.howToRead, entry.owner && words.owner(entry.owner)];
    return [
        title,
        html("dd", {}, html("code", {}, entry.rule)),
        ...told.flatMap((text) => (text ? [html("dd", {}, text)] : [])),
    ];
}
function table(grid, caption) {
    const row = (scope, cells) => html("tr", {}, ...cells.map((cell, index) => scope === "col" || index === 0 ? html("th", { scope }, cell) : html("td", {}, cell)));
    return html("div", { class: "scrolls", tabindex: 0 }, html("table", {}, html("caption", {}, caption), html("thead", {}, row("col", grid.head)), html("tbody", {}, ...grid.rows.map((cells) => row("row", cells)))));
}
