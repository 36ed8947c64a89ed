import { svg } from "./elements.js";
import { linear, path } from "./scale.js";
export function spark(values, width, height) {
    const known = values.flatMap((value) => value ?? []);
    const chart = svg("svg", { class: "spark", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    if (known.length === 0)
        return chart;
    const [lowest, highest] = [Math.min(...known), Math.max(...known)];
    const y = lowest === highest ? () => height / 2 : linear(lowest, highest, height - 5, 5);
    const x = linear(0, Math.max(1, values.length - 1), 5, width - 5);
    chart.append(svg("path", { class: "line", d: path(values, x, y) }));
    const last = values.at(-1);
    if (last != null)
        chart.append(svg("circle", { class: "end", cx: x(values.length - 1), cy: y(last), r: 3.5 }));
    return chart;
}
export function bar(share) {
    const length = `${(Math.max(0, Math.min(1, share)) * 100).toFixed(2)}%`;
    return svg("svg", { class: "bar", width: "100%", height: 8, "aria-hidden": "true" }, svg("rect", { class: "track", width: "100%", height: 8, rx: 4 }), svg("rect", { class: "length", width: length, height: 8, rx: 4 }));
}
