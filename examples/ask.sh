#!/bin/sh
# The same with curl: sh examples/ask.sh http://127.0.0.1:8000
curl -sS "${1:-http://127.0.0.1:8000}/graphql" -H 'Content-Type: application/json' \
    -H "Authorization: ${SEMANTIC_LAYER_KEY:+Bearer $SEMANTIC_LAYER_KEY}" -d '{
  "query": "query ($ask: AskInput!) { query(ask: $ask) { columns { name } rows meta { revision } } }",
  "variables": {"ask": {"metrics": [{"name": "sales"}], "by": [{"dimension": "product.department"}], "limit": 5}}
}'
