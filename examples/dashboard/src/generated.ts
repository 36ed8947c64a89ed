/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Compares numbers. All that is given must hold. */
export type IntComparison = {
  /** Equal. */
  eq?: number | null | undefined;
  /** Greater, or after it. */
  gt?: number | null | undefined;
  /** Greater or equal, or from it on. */
  gte?: number | null | undefined;
  /** One of them; of an empty list, none. */
  in?: Array<number> | null | undefined;
  /** From the first up to, and not with, the second. */
  inRange?: IntRange | null | undefined;
  /** Not equal; null is kept. */
  isDistinctFrom?: number | null | undefined;
  /** True: null; false: anything else. */
  isNull?: boolean | null | undefined;
  /** Less, or before it. */
  lt?: number | null | undefined;
  /** Less or equal, or up to its end. */
  lte?: number | null | undefined;
  /** Not equal, and not null. */
  ne?: number | null | undefined;
  /** None of them, and not null. */
  notIn?: Array<number> | null | undefined;
};

/** `from` is in, `to` is not. */
export type IntRange = {
  from: number;
  to: number;
};

/** Filters by Products / 商品. */
export type ProductWhere = {
  /**
   * Brand / 品牌.
   * National brands, or Private for the chain's own label.
   * One of National, Private.
   */
  brand?: TextComparison | null | undefined;
  /** Department / 部门 */
  department?: TextComparison | null | undefined;
  /**
   * Leading department / 头部部门.
   * The five departments with the highest sales in the question, all others as one.
   */
  leadingDepartment?: TextComparison | null | undefined;
  /** Manufacturer / 制造商 */
  manufacturerId?: IntComparison | null | undefined;
  /** Package size / 包装规格 */
  packageSize?: TextComparison | null | undefined;
  /** Category / 品类 */
  productCategory?: TextComparison | null | undefined;
  /** Product type / 商品类型 */
  productType?: TextComparison | null | undefined;
};

/** Compares texts. All that is given must hold. */
export type TextComparison = {
  /** Case counts; % and _ are themselves. */
  contains?: string | null | undefined;
  /** Case counts; % and _ are themselves. */
  endsWith?: string | null | undefined;
  /** Equal. */
  eq?: string | null | undefined;
  /** Greater, or after it. */
  gt?: string | null | undefined;
  /** Greater or equal, or from it on. */
  gte?: string | null | undefined;
  /** One of them; of an empty list, none. */
  in?: Array<string> | null | undefined;
  /** Not equal; null is kept. */
  isDistinctFrom?: string | null | undefined;
  /** True: null; false: anything else. */
  isNull?: boolean | null | undefined;
  /** Less, or before it. */
  lt?: string | null | undefined;
  /** Less or equal, or up to its end. */
  lte?: string | null | undefined;
  /** Not equal, and not null. */
  ne?: string | null | undefined;
  /** None of them, and not null. */
  notIn?: Array<string> | null | undefined;
  /** Case counts; % and _ are themselves. */
  startsWith?: string | null | undefined;
};

export type DashboardQueryVariables = Exact<{
  from: string;
  to: string;
  product?: ProductWhere | null | undefined;
  top: number;
  language: string;
}>;


export type DashboardQuery = { trend: { rows: Array<{ sales: string | null, month: string | null, growth: number | null }>, totals: { sales: string | null }, meta: { revision: number, sql: string, columns: Array<{ name: string, label: string, unit: string | null }>, versions: Array<{ column: string, metric: string, version: number, fingerprint: string }>, freshness: Array<{ dataset: string, asOf: string | null }>, warnings: Array<{ code: string, message: string }> } } | null, baskets: { rows: Array<{ averageBasketValue: number | null, baskets: number | null, month: string | null }>, totals: { averageBasketValue: number | null, baskets: number | null }, meta: { revision: number, sql: string, columns: Array<{ name: string, label: string, unit: string | null }>, versions: Array<{ column: string, metric: string, version: number, fingerprint: string }>, freshness: Array<{ dataset: string, asOf: string | null }>, warnings: Array<{ code: string, message: string }> } } | null, departments: { rows: Array<{ sales: string | null, salesShare: number | null, product: { department: string | null } }>, meta: { revision: number, sql: string, columns: Array<{ name: string, label: string, unit: string | null }>, versions: Array<{ column: string, metric: string, version: number, fingerprint: string }>, freshness: Array<{ dataset: string, asOf: string | null }>, warnings: Array<{ code: string, message: string }> } } | null, sales: { name: string, label: string, rule: string, meaning: string | null, howToRead: string | null, owner: string | null } | null, growth: { name: string, label: string, rule: string, meaning: string | null, howToRead: string | null, owner: string | null } | null, share: { name: string, label: string, rule: string, meaning: string | null, howToRead: string | null, owner: string | null } | null, basketValue: { name: string, label: string, rule: string, meaning: string | null, howToRead: string | null, owner: string | null } | null, basketCount: { name: string, label: string, rule: string, meaning: string | null, howToRead: string | null, owner: string | null } | null };

export type TrendFragment = { rows: Array<{ sales: string | null, month: string | null, growth: number | null }>, totals: { sales: string | null }, meta: { revision: number, sql: string, columns: Array<{ name: string, label: string, unit: string | null }>, versions: Array<{ column: string, metric: string, version: number, fingerprint: string }>, freshness: Array<{ dataset: string, asOf: string | null }>, warnings: Array<{ code: string, message: string }> } };

export type BasketsFragment = { rows: Array<{ averageBasketValue: number | null, baskets: number | null, month: string | null }>, totals: { averageBasketValue: number | null, baskets: number | null }, meta: { revision: number, sql: string, columns: Array<{ name: string, label: string, unit: string | null }>, versions: Array<{ column: string, metric: string, version: number, fingerprint: string }>, freshness: Array<{ dataset: string, asOf: string | null }>, warnings: Array<{ code: string, message: string }> } };

export type DepartmentsFragment = { rows: Array<{ sales: string | null, salesShare: number | null, product: { department: string | null } }>, meta: { revision: number, sql: string, columns: Array<{ name: string, label: string, unit: string | null }>, versions: Array<{ column: string, metric: string, version: number, fingerprint: string }>, freshness: Array<{ dataset: string, asOf: string | null }>, warnings: Array<{ code: string, message: string }> } };

export type RuleFragment = { revision: number, sql: string, columns: Array<{ name: string, label: string, unit: string | null }>, versions: Array<{ column: string, metric: string, version: number, fingerprint: string }>, freshness: Array<{ dataset: string, asOf: string | null }>, warnings: Array<{ code: string, message: string }> };

export type EntryFragment = { name: string, label: string, rule: string, meaning: string | null, howToRead: string | null, owner: string | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const RuleFragmentDoc = new TypedDocumentString(`
    fragment Rule on MetricsMeta {
  revision
  columns {
    name
    label
    unit
  }
  versions {
    column
    metric
    version
    fingerprint
  }
  freshness {
    dataset
    asOf
  }
  warnings {
    code
    message
  }
  sql
}
    `, {"fragmentName":"Rule"}) as unknown as TypedDocumentString<RuleFragment, unknown>;
export const TrendFragmentDoc = new TypedDocumentString(`
    fragment Trend on MetricsAnswer {
  rows {
    month: transactionDate(grain: MONTH)
    sales
    growth: salesMomGrowth
  }
  totals {
    sales
  }
  meta {
    ...Rule
  }
}
    fragment Rule on MetricsMeta {
  revision
  columns {
    name
    label
    unit
  }
  versions {
    column
    metric
    version
    fingerprint
  }
  freshness {
    dataset
    asOf
  }
  warnings {
    code
    message
  }
  sql
}`, {"fragmentName":"Trend"}) as unknown as TypedDocumentString<TrendFragment, unknown>;
export const BasketsFragmentDoc = new TypedDocumentString(`
    fragment Baskets on MetricsAnswer {
  rows {
    month: transactionDate(grain: MONTH)
    averageBasketValue
    baskets
  }
  totals {
    averageBasketValue
    baskets
  }
  meta {
    ...Rule
  }
}
    fragment Rule on MetricsMeta {
  revision
  columns {
    name
    label
    unit
  }
  versions {
    column
    metric
    version
    fingerprint
  }
  freshness {
    dataset
    asOf
  }
  warnings {
    code
    message
  }
  sql
}`, {"fragmentName":"Baskets"}) as unknown as TypedDocumentString<BasketsFragment, unknown>;
export const DepartmentsFragmentDoc = new TypedDocumentString(`
    fragment Departments on MetricsAnswer {
  rows {
    product {
      department
    }
    sales
    salesShare
  }
  meta {
    ...Rule
  }
}
    fragment Rule on MetricsMeta {
  revision
  columns {
    name
    label
    unit
  }
  versions {
    column
    metric
    version
    fingerprint
  }
  freshness {
    dataset
    asOf
  }
  warnings {
    code
    message
  }
  sql
}`, {"fragmentName":"Departments"}) as unknown as TypedDocumentString<DepartmentsFragment, unknown>;
export const EntryFragmentDoc = new TypedDocumentString(`
    fragment Entry on Metric {
  name
  label
  rule
  meaning
  howToRead
  owner
}
    `, {"fragmentName":"Entry"}) as unknown as TypedDocumentString<EntryFragment, unknown>;
export const DashboardDocument = new TypedDocumentString(`
    query Dashboard($from: Date!, $to: Date!, $product: ProductWhere, $top: Int!, $language: String!) {
  trend: metrics(
    where: { transactionDate: { gte: $from, lt: $to }, product: $product }
    orderBy: [{ key: "month" }]
    language: $language
  ) {
    ...Trend
  }
  baskets: metrics(
    where: { transactionDate: { gte: $from, lt: $to }, product: $product }
    orderBy: [{ key: "month" }]
    language: $language
  ) {
    ...Baskets
  }
  departments: metrics(
    where: { transactionDate: { gte: $from, lt: $to } }
    orderBy: [{ key: "sales", direction: DESC }]
    limit: $top
    language: $language
  ) {
    ...Departments
  }
  sales: metric(name: "sales", language: $language) {
    ...Entry
  }
  growth: metric(name: "sales_mom_growth", language: $language) {
    ...Entry
  }
  share: metric(name: "sales_share", language: $language) {
    ...Entry
  }
  basketValue: metric(name: "average_basket_value", language: $language) {
    ...Entry
  }
  basketCount: metric(name: "baskets", language: $language) {
    ...Entry
  }
}
    fragment Trend on MetricsAnswer {
  rows {
    month: transactionDate(grain: MONTH)
    sales
    growth: salesMomGrowth
  }
  totals {
    sales
  }
  meta {
    ...Rule
  }
}
fragment Baskets on MetricsAnswer {
  rows {
    month: transactionDate(grain: MONTH)
    averageBasketValue
    baskets
  }
  totals {
    averageBasketValue
    baskets
  }
  meta {
    ...Rule
  }
}
fragment Departments on MetricsAnswer {
  rows {
    product {
      department
    }
    sales
    salesShare
  }
  meta {
    ...Rule
  }
}
fragment Rule on MetricsMeta {
  revision
  columns {
    name
    label
    unit
  }
  versions {
    column
    metric
    version
    fingerprint
  }
  freshness {
    dataset
    asOf
  }
  warnings {
    code
    message
  }
  sql
}
fragment Entry on Metric {
  name
  label
  rule
  meaning
  howToRead
  owner
}`) as unknown as TypedDocumentString<DashboardQuery, DashboardQueryVariables>;