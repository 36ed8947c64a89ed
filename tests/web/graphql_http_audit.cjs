// Runs the audits of the package graphql-http against a server and prints one JSON line for each.
const { auditServer } = require("graphql-http");

async function main(url) {
  for (const result of await auditServer({ url })) {
    const { id, name, status, reason } = result;
    console.log(JSON.stringify({ id, name, status, reason }));
  }
}

main(process.argv[2]);
