const ADDRESS = "/graphql";
const PATIENCE = 30_000;
const HEADERS = {
    "Content-Type": "application/json",
    Accept: "application/graphql-response+json",
    "X-Timeout-Ms": String(PATIENCE),
};
export class Unanswered extends Error {
    refusal;
    constructor(refusal) {
        super(refusal?.message ?? "");
        this.refusal = refusal;
    }
}
export async function ask(document, variables, signal) {
    const wire = await sent(JSON.stringify({ query: document.toString(), variables }), signal);
    const errors = wire.errors ?? [];
    if (wire.data == null) {
        const first = errors[0];
        throw new Unanswered(first === undefined ? null : refusal(first));
    }
    return { data: wire.data, refusals: new Map(errors.map((error) => [String(error.path?.[0]), refusal(error)])) };
}
async function sent(body, signal) {
    try {
        const response = await fetch(ADDRESS, {
            method: "POST",
            headers: HEADERS,
            body,
            signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE + 2_000)]),
        });
        return (await response.json());
    }
    catch {
        signal.throwIfAborted();
        throw new Unanswered(null);
    }
}
function refusal(error) {
    return { code: error.extensions?.code ?? "", message: error.message };
}
