import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  // Of a running server: SCHEMA=http://127.0.0.1:8000/graphql npm run generate
  schema: process.env["SCHEMA"] ?? "../../schema/schema.graphql",
  documents: "src/*.graphql",
  generates: {
    "src/generated.ts": {
      plugins: ["typescript-operations", "typed-document-node"],
      config: {
        documentMode: "string",
        useTypeImports: true,
        // Exact numbers are texts, so that no client rounds them; days are YYYY-MM-DD.
        scalars: { Decimal: "string", BigInt: "string", Date: "string" },
      },
    },
  },
};

export default config;
