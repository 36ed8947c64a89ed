export class TypedDocumentString extends String {
    __apiType;
    value;
    __meta__;
    constructor(value, __meta__) {
        super(value);
        this.value = value;
        this.__meta__ = __meta__;
    }
    toString() {
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
    `, { "fragmentName": "Rule" });
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
}`, { "fragmentName": "Trend" });
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
}`, { "fragmentName": "Baskets" });
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
}`, { "fragmentName": "Departments" });
export const EntryFragmentDoc = new TypedDocumentString(`
    fragment Entry on Metric {
  name
  label
  rule
  meaning
  howToRead
  owner
}
    `, { "fragmentName": "Entry" });
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
}`);
