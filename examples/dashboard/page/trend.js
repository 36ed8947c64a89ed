import { svg } from "./elements.js";
import { linear, path, ticks } from "./scale.js";
const LABEL = 38;
const WIDE = 46;
const LEFT = 44;
const RIGHT = 10;
const TOP = 12;
const LINE = 190;
const GAP = 46;
const CHANGES = 48;
const BOTTOM = 38;
export function trendChart(points, words, width) {
    const height = TOP + LINE + GAP + CHANGES + BOTTOM;
    const chart = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", tabindex: 0 });
    chart.setAttribute("aria-label", words.summary);
    const band = (width - LEFT - RIGHT) / points.length;
    const middle = linear(0, 1, LEFT + band / 2, LEFT + band * 1.5);
    const values = points.map((point) => point.value);
    const known = values.flatMap((value) => value ?? []);
    const marks = known.length === 0 ? [0, 1] : ticks(Math.min(...known), Math.max(...known), 4);
    const y = linear(marks[0] ?? 0, marks.at(-1) ?? 1, TOP + LINE, TOP);
    for (const mark of marks) {
        chart.append(svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(mark), y2: y(mark) }), svg("text", { class: "tick end", x: LEFT - 8, y: y(mark) + 4 }, words.tick(mark)));
    }
    chart.append(svg("path", { class: "line", d: path(values, middle, y) }));
    const every = Math.ceil(LABEL / band);
    for (const [index, { value, label }] of points.entries()) {
        if (value !== null)
            chart.append(svg("circle", { class: "dot", cx: middle(index), cy: y(value), r: 3.5 }));
        if (index % every === 0)
            chart.append(svg("text", { class: "tick middle", x: middle(index), y: height - 4 }, label));
    }
    chart.append(...changes(points, words.changes, middle, band));
    pointedAt(chart, points, middle, y, width);
    return chart;
}
function changes(points, title, middle, band) {
    const top = TOP + LINE + GAP;
    const sizes = points.map((point) => Math.abs(point.change ?? 0));
    const largest = Math.max(...sizes) || 1;
    const y = linear(-largest, largest, top + CHANGES, top);
    const thick = Math.min(26, band * 0.56);
    const columns = points.flatMap((point, index) => {
        if (point.change === null)
            return [];
        const falls = point.change < 0;
        const [upper, lower] = falls ? [y(0), y(point.change)] : [y(point.change), y(0)];
        const place = { x: middle(index) - thick / 2, y: upper, width: thick, height: Math.max(1, lower - upper), rx: 2 };
        const column = svg("rect", { class: falls ? "fall" : "rise", ...place });
        if (band < WIDE)
            return [column];
        const beside = { class: "tick middle", x: middle(index), y: falls ? lower + 14 : upper - 5 };
        return [column, svg("text", beside, point.changeText)];
    });
    return [
        svg("text", { class: "tick", x: LEFT, y: top - 24 }, title),
        svg("line", { class: "zero", x1: LEFT, x2: LEFT + band * points.length, y1: y(0), y2: y(0) }),
        ...columns,
    ];
}
function pointedAt(chart, points, middle, y, width) {
    const shown = svg("g", { class: "pointed", "aria-hidden": "true" });
    chart.append(shown);
    let at = null;
    const point = (index) => {
        if (index === at)
            return;
        at = index;
        shown.replaceChildren();
        const chosen = points[index ?? -1];
        if (chosen === undefined || index === null)
            return;
        const x = middle(index);
        shown.append(svg("line", { class: "cursor", x1: x, x2: x, y1: TOP, y2: TOP + LINE }));
        if (chosen.value !== null)
            shown.append(svg("circle", { class: "dot", cx: x, cy: y(chosen.value), r: 5.5 }));
        note(shown, chosen.told, x, width);
    };
    const nearest = (event) => {
        const place = event.clientX - chart.getBoundingClientRect().left;
        const band = (width - LEFT - RIGHT) / points.length;
        return Math.max(0, Math.min(points.length - 1, Math.floor((place - LEFT) / band)));
    };
    chart.addEventListener("pointermove", (event) => point(nearest(event)));
    chart.addEventListener("pointerdown", (event) => point(nearest(event)));
    chart.addEventListener("pointerleave", () => point(null));
    chart.addEventListener("blur", () => point(null));
    chart.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step === undefined)
            return;
        event.preventDefault();
        point(Math.max(0, Math.min(points.length - 1, at === null ? 0 : at + step)));
    });
}
function note(shown, told, x, width) {
    const lines = told.map((text, index) => svg("text", { class: index === 0 ? "told first" : "told" }, text));
    const box = svg("rect", { class: "note", rx: 6 });
    shown.append(box, ...lines);
    const wide = Math.max(...lines.map((text) => text.getComputedTextLength())) + 20;
    const left = Math.max(2, Math.min(width - wide - 2, x + 12 + wide > width ? x - 12 - wide : x + 12));
    for (const [index, text] of lines.entries()) {
        text.setAttribute("x", String(left + 10));
        text.setAttribute("y", String(TOP + 18 + index * 18));
    }
    for (const [name, value] of Object.entries({ x: left, y: TOP, width: wide, height: told.length * 18 + 10 })) {
        box.setAttribute(name, String(value));
    }
}
