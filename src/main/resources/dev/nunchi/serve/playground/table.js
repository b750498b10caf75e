// Many lines: asked in batches, written as CSV.

import { classifyAll } from "./server.js";

/**
 * Classifies lines in their order.
 *
 * @param request makes the request of a line
 * @param most how many stand in a batch
 * @param done is given the numbers of lines, and for each its answer or its refusal
 * @param busy is told when the server is to be asked again
 * @throws Refusal what no other line would get past
 */
export async function classifyLines(lines, { request, most, signal, done, busy }) {
  let waiting = lines.map((line, number) => number);
  while (waiting.length > 0 && !signal.aborted) {
    const batch = waiting.slice(0, most);
    try {
      const answers = await classifyAll(batch.map((number) => request(lines[number])), signal);
      done(batch, answers);
      waiting = waiting.slice(batch.length);
    } catch (failure) {
      if (signal.aborted) {
        return;
      }
      const fault = /^requests\[(\d+)\]/.exec(failure.field ?? "");
      if (failure.retryMillis > 0) {
        busy(failure);
        await pause(failure.retryMillis, signal);
      } else if (fault !== null && Number(fault[1]) < batch.length) {
        // One is at fault, and the batch is answered whole or not at all.
        const [number] = waiting.splice(Number(fault[1]), 1);
        done([number], [failure]);
      } else {
        throw failure;
      }
    }
  }
}

function pause(millis, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, millis);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

/** As spreadsheets open it without asking: a byte order mark, commas, CRLF (RFC 4180). */
export function csv(rows) {
  return "\uFEFF" + rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
}

/** A text that a spreadsheet would take for a formula begins with an apostrophe. */
function cell(value) {
  if (value === undefined || value === null) {
    return "";
  }
  if (typeof value !== "string") {
    return String(value);
  }
  const text = /^[\s\u0000]*[=+\-@\uFF0B\uFF0D\uFF1D\uFF20]|^[\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n;\t']|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
