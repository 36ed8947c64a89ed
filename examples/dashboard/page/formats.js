const LOCALES = { en: "en-US", zh: "zh-CN" };
const NOTHING = "–";
export class Formats {
    #locale;
    constructor(language) {
        this.#locale = LOCALES[language];
    }
    value(value, unit) {
        return this.#number(value, this.#style(unit));
    }
    rounded(value, unit) {
        return this.#number(value, { ...this.#style(unit), minimumFractionDigits: 0, maximumFractionDigits: 0 });
    }
    short(value) {
        return this.#number(value, { notation: "compact", maximumFractionDigits: 1 });
    }
    change(value) {
        return this.#number(value, { ...this.#style("percent"), signDisplay: "exceptZero" });
    }
    month(day, form) {
        if (day === null)
            return NOTHING;
        const year = form === "long" ? { year: "numeric" } : {};
        return new Intl.DateTimeFormat(this.#locale, { month: form, timeZone: "UTC", ...year }).format(new Date(day));
    }
    time(stamp) {
        const form = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" };
        return new Intl.DateTimeFormat(this.#locale, form).format(new Date(`${stamp}Z`));
    }
    #number(value, options) {
        if (value === null)
            return NOTHING;
        return new Intl.NumberFormat(this.#locale, options).format(value);
    }
    #style(unit) {
        if (unit === "percent")
            return { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 };
        if (unit !== null && /^[A-Z]{3}$/.test(unit))
            return { style: "currency", currency: unit };
        return { maximumFractionDigits: 2 };
    }
}
