/** Where values stand on an axis. */

export type Scale = (value: number) => number;

/** Round numbers that cover lowest to highest, about `count` of them. */
export function ticks(lowest: number, highest: number, count: number): number[] {
  const span = highest - lowest || Math.abs(highest) || 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const first = Math.floor(lowest / step);
  const last = Math.max(first + 1, Math.ceil(highest / step));
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** Maps [from, to] to pixels; `from` and `to` differ. */
export function linear(from: number, to: number, start: number, end: number): Scale {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** A line through the values, with a gap where there is none. `x` places by their index. */
export function path(values: readonly (number | null)[], x: Scale, y: Scale): string {
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
