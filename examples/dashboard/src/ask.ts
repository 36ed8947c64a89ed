/** One request for the whole page. A question that fails is told beside the ones that do not. */

import type { TypedDocumentString } from "./generated.js";

const ADDRESS = "/graphql";
const PATIENCE = 30_000;
const HEADERS = {
  "Content-Type": "application/json",
  Accept: "application/graphql-response+json",
  "X-Timeout-Ms": String(PATIENCE), // the server cancels its questions then, down to the source
};

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** `refusals` has a key per root field that failed; what is not there has its answer in `data`. */
export interface Reply<Data> {
  readonly data: Data;
  readonly refusals: ReadonlyMap<string, Refusal>;
}

/** No answer at all: the network, the server, or a document that it does not know. */
export class Unanswered extends Error {
  constructor(readonly refusal: Refusal | null) {
    super(refusal?.message ?? "");
  }
}

interface Wire<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions?: { readonly code?: string };
  }[];
}

/** Throws Unanswered; or the signal's reason when it was aborted. */
export async function ask<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  signal: AbortSignal,
): Promise<Reply<Data>> {
  const wire = await sent<Data>(JSON.stringify({ query: document.toString(), variables }), signal);
  const errors = wire.errors ?? [];
  if (wire.data == null) {
    const first = errors[0];
    throw new Unanswered(first === undefined ? null : refusal(first));
  }
  return { data: wire.data, refusals: new Map(errors.map((error) => [String(error.path?.[0]), refusal(error)])) };
}

async function sent<Data>(body: string, signal: AbortSignal): Promise<Wire<Data>> {
  try {
    const response = await fetch(ADDRESS, {
      method: "POST",
      headers: HEADERS,
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE + 2_000)]),
    });
    return (await response.json()) as Wire<Data>;
  } catch {
    signal.throwIfAborted();
    throw new Unanswered(null);
  }
}

function refusal(error: NonNullable<Wire<unknown>["errors"]>[number]): Refusal {
  return { code: error.extensions?.code ?? "", message: error.message };
}
