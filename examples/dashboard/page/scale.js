export function ticks(lowest, highest, count) {
    const span = highest - lowest || Math.abs(highest) || 1;
    const rough = span / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
    const first = Math.floor(lowest / step);
    const last = Math.max(first + 1, Math.ceil(highest / step));
    return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}
export function linear(from, to, start, end) {
    return (value) => start + ((value - from) / (to - from)) * (end - start);
}
export function path(values, x, y) {
    let pen = "M";
    return values
        .map((value, index) => {
        if (value === null) {
            pen = "M";
            return "";
        }
        const step = `${pen}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
        pen = "L";
        return step;
    })
        .join("");
}
