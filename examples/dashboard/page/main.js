import { ask, Unanswered } from "./ask.js";
import { html, place } from "./elements.js";
import { Formats } from "./formats.js";
import { DashboardDocument } from "./generated.js";
import { basketsTile, departmentsTile, emptyTile, trendTile } from "./tiles.js";
import { isLanguage, WORDS } from "./words.js";
const PERIOD = { from: "2017-01-01", to: "2018-01-01" };
const TOP = 10;
const TILES = ["trend", "baskets", "departments"];
const address = new URLSearchParams(location.search);
const asked = address.get("lang");
const chosen = {
    language: (isLanguage(asked) ? asked : navigator.language.startsWith("zh") ? "zh" : "en"),
    department: address.get("department"),
};
let underWay = new AbortController();
function variables() {
    const product = chosen.department === null ? null : { department: { eq: chosen.department } };
    return { ...PERIOD, product, top: TOP, language: chosen.language };
}
async function load() {
    underWay.abort();
    underWay = new AbortController();
    const { signal } = underWay;
    frame();
    place("foot").replaceChildren();
    for (const name of TILES)
        wait(name);
    const began = performance.now();
    try {
        const { data, refusals } = await ask(DashboardDocument, variables(), signal);
        for (const name of TILES)
            show(name, data, refusals.get(name));
        place("foot").replaceChildren(WORDS[chosen.language].oneRequest(Math.round(performance.now() - began)));
    }
    catch (error) {
        if (signal.aborted)
            return;
        if (!(error instanceof Unanswered))
            throw error;
        for (const name of TILES)
            refuse(name, error.refusal);
    }
}
function show(name, data, refusal) {
    const answered = nodes(name, data);
    if (answered === null)
        refuse(name, refusal ?? null);
    else
        fill(name, answered);
}
function nodes(name, data) {
    const { language, department } = chosen;
    const [words, formats] = [WORDS[language], new Formats(language)];
    const page = { words, formats, entries: entries(data), department, choose };
    if (data[name]?.rows.length === 0)
        return emptyTile(page);
    switch (name) {
        case "trend":
            return data.trend && trendTile(data.trend, page);
        case "baskets":
            return data.baskets && basketsTile(data.baskets, page);
        case "departments":
            return data.departments && departmentsTile(data.departments, page);
    }
}
function entries(data) {
    const found = [data.sales, data.growth, data.share, data.basketValue, data.basketCount];
    return new Map(found.flatMap((entry) => (entry ? [[entry.name, entry]] : [])));
}
function wait(name) {
    const tile = place(name);
    tile.setAttribute("aria-busy", "true");
    if (tile.childElementCount === 0)
        tile.append(html("p", { class: "waiting" }, WORDS[chosen.language].loading));
}
function fill(name, children) {
    const tile = place(name);
    const focused = tile.contains(document.activeElement) ? document.activeElement : null;
    const department = focused?.getAttribute("data-department");
    const opened = tile.querySelector("details")?.open ?? false;
    tile.replaceChildren(...children);
    tile.removeAttribute("aria-busy");
    tile.querySelector("details")?.toggleAttribute("open", opened);
    if (department != null) {
        tile.querySelector(`[data-department="${CSS.escape(department)}"]`)?.focus({ preventScroll: true });
    }
}
function refuse(name, refusal) {
    const words = WORDS[chosen.language];
    const again = html("button", { type: "button" }, words.again);
    again.addEventListener("click", () => void load());
    fill(name, [
        html("div", { class: "refused", role: "alert" }, html("h2", {}, words.failed), html("p", {}, refusal?.message ?? words.unreachable), refusal === null ? null : html("code", {}, refusal.code), again),
    ]);
}
function frame() {
    const words = WORDS[chosen.language];
    document.documentElement.lang = chosen.language;
    document.title = words.title;
    place("title").replaceChildren(words.title);
    place("subtitle").replaceChildren(words.subtitle);
    const languages = place("languages");
    languages.setAttribute("aria-label", words.languages);
    for (const button of languages.querySelectorAll("button")) {
        button.setAttribute("aria-pressed", String(button.lang === chosen.language));
    }
}
function choose(department) {
    chosen.department = department;
    changed();
}
function changed() {
    const query = new URLSearchParams({ lang: chosen.language });
    if (chosen.department !== null)
        query.set("department", chosen.department);
    history.replaceState(null, "", `?${query}`);
    void load();
}
for (const [language, words] of Object.entries(WORDS)) {
    const button = html("button", { type: "button", lang: language }, words.ownName);
    button.addEventListener("click", () => {
        if (isLanguage(language))
            chosen.language = language;
        changed();
    });
    place("languages").append(button);
}
void load();
