#!/bin/sh
# The same from a shell: sh examples/service/value.sh http://127.0.0.1:8000
curl -sS --max-time 12 "${1:-http://127.0.0.1:8000}/graphql" -H 'Content-Type: application/json' -H 'X-Timeout-Ms: 10000' \
    -H "Authorization: ${SEMANTIC_LAYER_KEY:+Bearer $SEMANTIC_LAYER_KEY}" -d '{
  "query": "query ($year: DateRange!) { metrics(where: {transactionDate: {inRange: $year}}) { rows { sales } meta { revision } } }",
  "variables": {"year": {"from": "2017-01-01", "to": "2018-01-01"}}
}'
