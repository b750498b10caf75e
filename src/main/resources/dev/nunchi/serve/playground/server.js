// The server's REST front end, as this page needs it.

// The server refuses at once what it could not answer in this time.
const TIMEOUT_MILLIS = 10_000;
const UNREACHABLE_RETRY_MILLIS = 2_000;
const BUSY = new Set([429, 502, 503, 504]);

/** What the server, or the way to it, refused. */
export class Refusal extends Error {
  /**
   * @param kind `busy`, `unreachable`, `token`, or `refused`
   * @param detail the server's own sentence, empty where it said none
   * @param field what is at fault, such as `requests[3].text`, empty where nothing is
   * @param retryMillis when to ask again; 0: asking again changes nothing
   */
  constructor(kind, detail, field, retryMillis) {
    super(detail);
    this.kind = kind;
    this.field = field;
    this.retryMillis = retryMillis;
  }
}

// In memory alone: it is gone when the page is.
let token = "";

export function useToken(value) {
  token = value;
}

export async function models(signal) {
  return (await call("v1/models", undefined, signal)).models;
}

export function classify(request, signal) {
  return call("v1/classify", request, signal);
}

export async function classifyAll(requests, signal) {
  return (await call("v1/classify:batch", { requests }, signal)).responses;
}

async function call(path, body, signal) {
  const headers = { "X-Request-Timeout-Ms": String(TIMEOUT_MILLIS) };
  if (token !== "") {
    headers.Authorization = `Bearer ${token}`;
  }
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(new URL(path, document.baseURI), {
      method: body === undefined ? "GET" : "POST",
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
      signal,
    });
    if (response.ok) {
      return await response.json();
    }
  } catch (failure) {
    throw new Refusal("unreachable", "", "", UNREACHABLE_RETRY_MILLIS);
  }
  throw await refusal(response);
}

async function refusal(response) {
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // A proxy may refuse in other words.
  }
  const detail = String(problem.detail ?? response.statusText);
  const field = String(problem.field ?? "");
  if (response.status === 401) {
    return new Refusal("token", detail, field, 0);
  }
  // A quota is used up until midnight.
  if (BUSY.has(response.status) && problem.reason !== "QUOTA_EXCEEDED") {
    const seconds = Number(response.headers.get("Retry-After"));
    return new Refusal("busy", detail, field, 1000 * Math.min(Math.max(seconds || 1, 1), 30));
  }
  return new Refusal("refused", detail, field, 0);
}
