/** Values as people read them. Exact numbers arrive as texts and are formatted as texts: no digit is lost. */

import type { Language } from "./words.js";

export type Value = string | number | null;

const LOCALES: Readonly<Record<Language, string>> = { en: "en-US", zh: "zh-CN" };
const NOTHING = "–";

export class Formats {
  readonly #locale: string;

  constructor(language: Language) {
    this.#locale = LOCALES[language];
  }

  /** `unit` is the column's: USD, count, percent … */
  value(value: Value, unit: string | null): string {
    return this.#number(value, this.#style(unit));
  }

  /** Without cents: for large numbers that are read at a glance. */
  rounded(value: Value, unit: string | null): string {
    return this.#number(value, { ...this.#style(unit), minimumFractionDigits: 0, maximumFractionDigits: 0 });
  }

  /** 370K, for an axis. */
  short(value: number): string {
    return this.#number(value, { notation: "compact", maximumFractionDigits: 1 });
  }

  /** With its sign: +7.4%. */
  change(value: Value): string {
    return this.#number(value, { ...this.#style("percent"), signDisplay: "exceptZero" });
  }

  month(day: string | null, form: "short" | "long"): string {
    if (day === null) return NOTHING;
    const year = form === "long" ? { year: "numeric" as const } : {};
    return new Intl.DateTimeFormat(this.#locale, { month: form, timeZone: "UTC", ...year }).format(new Date(day));
  }

  /** A wall time without a zone, as the data has it. */
  time(stamp: string): string {
    const form = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" } as const;
    return new Intl.DateTimeFormat(this.#locale, form).format(new Date(`${stamp}Z`));
  }

  #number(value: Value, options: Intl.NumberFormatOptions): string {
    if (value === null) return NOTHING;
    return new Intl.NumberFormat(this.#locale, options).format(value as number | Intl.StringNumericLiteral);
  }

  #style(unit: string | null): Intl.NumberFormatOptions {
    if (unit === "percent") return { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 };
    if (unit !== null && /^[A-Z]{3}$/.test(unit)) return { style: "currency", currency: unit };
    return { maximumFractionDigits: 2 };
  }
}
