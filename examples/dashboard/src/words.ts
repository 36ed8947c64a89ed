/** The page's own words. Names of metrics and dimensions are not among them: the server has them in both languages. */

export type Language = "en" | "zh";

export interface Words {
  readonly ownName: string;
  readonly title: string;
  readonly subtitle: string;
  readonly languages: string;
  readonly byMonth: string;
  readonly top: (label: string, count: number) => string;
  readonly choose: string;
  readonly all: string;
  readonly only: (member: string) => string;
  readonly reset: string;
  readonly missing: string;
  readonly month: string;
  readonly rule: string;
  readonly dataUntil: (time: string) => string;
  readonly version: (number: number) => string;
  readonly owner: (name: string) => string;
  readonly revision: (number: number) => string;
  readonly numbers: string;
  readonly statement: string;
  readonly loading: string;
  readonly nothing: string;
  readonly failed: string;
  readonly unreachable: string;
  readonly again: string;
  readonly oneRequest: (milliseconds: number) => string;
}

export const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    ownName: "English",
    title: "Grocery chain, 2017",
    subtitle: "Every number on this page names the rule that made it.",
    languages: "Language",
    byMonth: "by month",
    top: (label, count) => `by ${label.toLowerCase()}, top ${count}`,
    choose: "choose one to filter",
    all: "All departments",
    only: (member) => `Only ${member}`,
    reset: "Show all departments",
    missing: "(none)",
    month: "Month",
    rule: "Rule and numbers",
    dataUntil: (time) => `Data until ${time}`,
    version: (number) => `version ${number}`,
    owner: (name) => `Owner: ${name}`,
    revision: (number) => `Catalog revision ${number}`,
    numbers: "Numbers",
    statement: "SQL that was run",
    loading: "Loading",
    nothing: "No rows for this choice.",
    failed: "This tile could not be answered",
    unreachable: "The server does not answer.",
    again: "Try again",
    oneRequest: (milliseconds) => `Three questions, one GraphQL request, ${milliseconds} ms`,
  },
  zh: {
    ownName: "中文",
    title: "连锁超市 2017",
    subtitle: "页面上的每个数字都注明算出它的规则。",
    languages: "语言",
    byMonth: "按月",
    top: (label, count) => `按${label}，前${count}`,
    choose: "点击可筛选",
    all: "全部部门",
    only: (member) => `仅 ${member}`,
    reset: "显示全部部门",
    missing: "（无）",
    month: "月份",
    rule: "规则与数据",
    dataUntil: (time) => `数据截至 ${time}`,
    version: (number) => `版本 ${number}`,
    owner: (name) => `负责人：${name}`,
    revision: (number) => `目录版次 ${number}`,
    numbers: "数据",
    statement: "所运行的 SQL",
    loading: "加载中",
    nothing: "该选择没有数据。",
    failed: "此图块无法回答",
    unreachable: "服务器没有响应。",
    again: "重试",
    oneRequest: (milliseconds) => `三个问题，一次 GraphQL 请求，${milliseconds} 毫秒`,
  },
};

export function isLanguage(text: string | null): text is Language {
  return text !== null && Object.hasOwn(WORDS, text);
}
