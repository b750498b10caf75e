// The page: whatever comes from people or the server is written as text, never as markup.

import { Newest } from "./newest.js";
import { classify, models as askModels, useToken } from "./server.js";
import { classifyLines, csv } from "./table.js";
import { preferred, say, WORDS } from "./words.js";

// Evidence costs many runs of the model, so it is asked for when the typing rests.
const REST_MILLIS = 150;
const NO_MODEL_RETRY_MILLIS = 2_000;
const MOST_LINES = 1000;
const MOST_SCORES = 8;
const MOST_TIMES = 50;

const byId = (id) => document.getElementById(id);
const text = byId("text");
const lines = byId("lines");
const truncation = byId("truncation");
const answers = byId("answers");

let language = preferred(navigator.languages ?? [navigator.language]);
let models = [];
let panes = [];
let typed = 0;
let table = null;

const word = (key, values) => say(language, key, values);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const decimal = (value) => value.toFixed(2);
const millis = (duration) => 1000 * parseFloat(duration);
const tidy = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0));

function element(tag, content, className) {
  const made = document.createElement(tag);
  made.textContent = content;
  if (className !== undefined) {
    made.className = className;
  }
  return made;
}

/** The words of what stands in the page, or in a part of it that is new. */
function translate(root) {
  for (const each of root.querySelectorAll("[data-word]")) {
    each.textContent = word(each.dataset.word);
  }
  for (const each of root.querySelectorAll("[data-placeholder]")) {
    each.placeholder = word(each.dataset.placeholder);
  }
}

function translatePage() {
  document.documentElement.lang = language;
  document.title = word("title");
  byId("language").lang = language === "ko" ? "en" : "ko";
  translate(document);
  panes.forEach((pane) => {
    pane.render();
    pane.renderCard();
  });
  table?.render();
}

function trouble(message) {
  byId("trouble").textContent = message;
  byId("trouble").hidden = message === "";
}

function said(failure) {
  switch (failure.kind) {
    case "busy":
      return word("busy");
    case "unreachable":
      return word("unreachable");
    case "token":
      return word("needsToken");
    case "refused":
      return word("refused", { detail: failure.message });
    default:
      return word("failed", { detail: String(failure.message) });
  }
}

function askForToken() {
  byId("access").hidden = false;
  trouble(word("needsToken"));
}

/** What one model answers. */
class Pane {
  #part = {};
  #newest;
  #rest = 0;
  #answer = null;
  #failure = null;
  #spans = [];
  #marked = "";
  #times = [];
  #took = 0;
  #answered = 0;
  #frame = 0;

  constructor(chosen) {
    this.root = byId("pane").content.firstElementChild.cloneNode(true);
    for (const each of this.root.querySelectorAll("[data-part]")) {
      this.#part[each.dataset.part] = each;
    }
    this.#newest = new Newest(
      (question, signal) => classify(question.request, signal),
      (question, number, answer, took) => this.#show(question, answer, took),
      (question, number, failure) => this.#refuse(question, failure),
    );
    this.#part.model.addEventListener("change", () => {
      this.#times = [];
      this.renderCard();
      this.ask();
    });
    translate(this.root);
    this.list(chosen);
  }

  /** @param chosen the model's name where none was chosen before, or it has gone */
  list(chosen) {
    const select = this.#part.model;
    const before = select.value;
    select.replaceChildren(...models.map((model) => {
      const option = element("option", model.name);
      option.value = model.name;
      return option;
    }));
    select.value = models.some((model) => model.name === before) ? before : chosen;
    this.render();
    this.renderCard();
  }

  get model() {
    return models.find((model) => model.name === this.#part.model.value);
  }

  /** Asks what the text is now, and once more with evidence when it has rested. */
  ask() {
    clearTimeout(this.#rest);
    const value = text.value;
    if (value.trim() === "" || this.model === undefined) {
      this.#newest.clear();
      this.#answer = null;
      this.#failure = null;
      this.#spans = [];
      this.#marked = "";
      this.#answered = typed;
      this.#draw();
      return;
    }
    const request = { text: value, model: this.model.name, truncation: truncation.value };
    const question = { request, typed, costly: false };
    this.#newest.put(question);
    this.#rest = setTimeout(() => {
      this.#newest.put({ ...question, request: { ...request, evidence: {} }, costly: true });
    }, REST_MILLIS);
  }

  close() {
    clearTimeout(this.#rest);
    cancelAnimationFrame(this.#frame);
    this.#newest.clear();
    this.root.remove();
  }

  #show(question, answer, took) {
    const asked = question.request.text;
    if (question.costly) {
      this.#spans = answer.evidence ?? [];
    } else {
      // What stands before the first change is still where it was.
      const same = commonLength(this.#marked, asked);
      this.#spans = this.#spans.filter((span) => span.utf16_end <= same);
      this.#times = [...this.#times, took].slice(-MOST_TIMES);
      this.#took = took;
    }
    this.#marked = asked;
    this.#answer = answer;
    this.#failure = null;
    this.#answered = question.typed;
    this.#draw();
    if (question.costly) {
      byId("said").textContent = panes.map((pane) => pane.sentence()).join(" ");
    }
    trouble("");
  }

  #refuse(question, failure) {
    this.#failure = failure;
    if (!(failure.retryMillis > 0)) {
      this.#answer = null;
      this.#spans = [];
      this.#marked = question.request.text;
      this.#answered = question.typed;
    }
    this.#draw();
    byId("said").textContent = said(failure);
    if (failure.kind === "token") {
      askForToken();
    } else if (failure.field === "model") {
      loadModels();
    }
  }

  /** Once a frame, however many answers come. */
  #draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.render();
    });
  }

  sentence() {
    const answer = this.#answer;
    return answer === null ? "" : `${answer.model}: ${verdict(answer)} ${sureness(answer)}.`;
  }

  render() {
    this.root.dataset.answered = String(this.#answered);
    const part = this.#part;
    const answer = this.#answer;
    const polarity = answer?.polarity;
    part.refusal.hidden = this.#failure === null;
    part.refusal.textContent = this.#failure === null ? "" : said(this.#failure);
    part.label.textContent = answer === null ? "" : verdict(answer);
    part.sure.textContent = answer === null ? "" : sureness(answer);
    part.track.hidden = polarity === undefined;
    part.needle.style.setProperty("--at", `${50 + 50 * (polarity ?? 0)}%`);
    part.polarity.textContent = answer === null ? ""
      : polarity === undefined ? word("noPolarity") : word("atPolarity", { value: decimal(polarity) });
    part.scores.replaceChildren(...(answer?.scores ?? []).slice(0, MOST_SCORES).map((score) => {
      const known = answer.confidence !== undefined;
      const item = element("li", `${score.label} ${known ? percent(score.score) : decimal(score.score)}`);
      item.style.setProperty("--share", known ? percent(score.score).replace(" ", "") : "0%");
      return item;
    }));
    part.cut.hidden = !answer?.truncated;
    part.cut.textContent = answer?.truncated
      ? word("cut", { count: answer.token_count, how: word(answer.truncation) }) : "";
    this.#renderEvidence();
    part.time.textContent = answer === null || this.#times.length === 0 ? "" : word("time", {
      total: tidy(this.#took),
      queue: tidy(millis(answer.timings.queue_duration)),
      inference: tidy(millis(answer.timings.inference_duration)),
      count: this.#times.length,
      median: tidy([...this.#times].sort((a, b) => a - b)[this.#times.length >> 1]),
      tokens: answer.token_count,
      unknown: percent(answer.unknown_token_share),
    });
  }

  renderCard() {
    this.#part.facts.replaceChildren(...(this.model === undefined ? [] : facts(this.model)));
  }

  #renderEvidence() {
    const marked = [];
    let end = 0;
    for (const span of [...this.#spans].sort((a, b) => a.utf16_start - b.utf16_start)) {
      marked.push(this.#marked.slice(end, span.utf16_start));
      marked.push(element("mark", this.#marked.slice(span.utf16_start, span.utf16_end), side(span)));
      end = span.utf16_end;
    }
    this.#part.marked.replaceChildren(...marked, this.#marked.slice(end));
    this.#part.weights.replaceChildren(...this.#spans.map((span) => {
      const item = element("li", "");
      const sign = span.weight < 0 ? "" : "+";
      item.append(
        element("mark", this.#marked.slice(span.utf16_start, span.utf16_end), side(span)),
        ` ${sign}${span.weight.toFixed(3)} `,
        element("span", word(side(span) === "for" ? "speaksFor" : "speaksAgainst"), "unseen"),
      );
      return item;
    }));
  }
}

function side(span) {
  return span.weight < 0 ? "against" : "for";
}

function verdict(answer) {
  return answer.value === undefined ? answer.label : `${answer.label} ${decimal(answer.value)}`;
}

function sureness(answer) {
  return answer.confidence === undefined ? "" : word("sure", { percent: percent(answer.confidence) });
}

function commonLength(one, other) {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) {
    length++;
  }
  return length;
}

/** The model's card, as far as the server tells it. */
function facts(model) {
  const origin = model.provenance ?? {};
  const licence = origin.license ?? origin.base_model_license;
  const rows = [
    ["description", origin.description],
    ["licence", licence ?? word("notStated")],
    ["baseModel", origin.base_model && origin.base_model_license
      ? word("licensed", { name: origin.base_model, licence: origin.base_model_license }) : origin.base_model],
    ["data", origin.data_source],
    ["labels", model.labels
      .map((label) => (label.polarity === undefined ? label.name : `${label.name} (${label.polarity})`))
      .join(", ")],
    ["quality", Object.entries(model.quality ?? {})
      .filter(([name]) => /accuracy$|macro_f1$/.test(name))
      .map(([name, value]) => `${name.replaceAll("_", " ")} ${value.toFixed(3)}`)
      .join(", ")],
    ["precision", model.precision],
    ["device", model.device],
    ["maxTokens", word("tokens", { count: model.limits.max_token_count, bytes: model.limits.max_text_bytes })],
    ["revision", model.revision],
  ];
  return rows
    .filter(([, value]) => value)
    .flatMap(([key, value]) => [element("dt", word(key)), element("dd", value)]);
}

/** The answers to many lines. */
class Table {
  #controller = new AbortController();
  #state = ["progress", {}];
  #done = 0;

  constructor(model, texts) {
    this.model = model;
    this.texts = texts;
    this.results = texts.map(() => null);
    this.rows = texts.map((line, number) => {
      const row = document.createElement("tr");
      row.append(element("td", String(number + 1), "number"), element("td", "…"),
        element("td", line, "line"), element("td", "", "number"), element("td", "", "number"));
      return row;
    });
    byId("rows").replaceChildren(...this.rows);
    byId("scroll").hidden = false;
  }

  async run() {
    byId("stop").hidden = false;
    byId("csv").hidden = true;
    this.#say("progress");
    const truncated = truncation.value;
    try {
      await classifyLines(this.texts, {
        request: (line) => ({ text: line, model: this.model.name, truncation: truncated }),
        most: this.model.limits.max_batch_size,
        signal: this.#controller.signal,
        done: (numbers, results) => this.#fill(numbers, results),
        busy: (failure) => this.#say(failure.kind === "busy" ? "progressBusy" : "unreachable"),
      });
      this.#say(this.#controller.signal.aborted ? "stopped" : "finished");
    } catch (failure) {
      if (failure.kind === "token") {
        askForToken();
      }
      byId("progress").textContent = said(failure);
    } finally {
      byId("stop").hidden = true;
      byId("csv").hidden = this.#done === 0;
    }
  }

  stop() {
    this.#controller.abort();
  }

  render() {
    const [key, values] = this.#state;
    byId("progress").textContent = word(key, values);
    this.results.forEach((result, number) => this.#renderRow(number, result));
  }

  #fill(numbers, results) {
    numbers.forEach((number, i) => {
      this.results[number] = results[i];
      this.#renderRow(number, results[i]);
    });
    this.#done += numbers.length;
    this.#say("progress");
  }

  #renderRow(number, result) {
    if (result === null) {
      return;
    }
    const [, label, , confidence, polarity] = this.rows[number].children;
    if (result instanceof Error) {
      label.textContent = said(result);
      label.className = "failed";
      return;
    }
    label.textContent = verdict(result) + (result.truncated ? ` (${word("cut", {
      count: result.token_count, how: word(result.truncation) })})` : "");
    confidence.textContent = result.confidence === undefined ? "" : percent(result.confidence);
    polarity.textContent = result.polarity === undefined ? "" : decimal(result.polarity);
  }

  #say(key) {
    const refused = this.results.filter((result) => result instanceof Error).length;
    this.#state = [key, { done: this.#done, all: this.texts.length, refused }];
    byId("progress").textContent = word(...this.#state);
  }

  download() {
    const head = ["line", "text", "label", "confidence", "polarity", "value", "token_count", "truncated",
      "model", "model_revision", "refusal"];
    const rows = this.results.map((result, number) => {
      const start = [number + 1, this.texts[number]];
      if (result === null || result instanceof Error) {
        return [...start, ...Array(8).fill(null), result?.message];
      }
      return [...start, result.label, result.confidence, result.polarity, result.value,
        result.token_count, result.truncated, result.model, result.model_revision, null];
    });
    const url = URL.createObjectURL(new Blob([csv([head, ...rows])], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = "nunchi.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

function classifyAllLines() {
  const texts = lines.value.split(/\r\n|\r|\n/).map((line) => line.trim()).filter((line) => line !== "");
  const model = panes[0]?.model;
  table?.stop();
  if (texts.length === 0 || model === undefined) {
    byId("progress").textContent = word("nothing");
  } else if (texts.length > MOST_LINES) {
    byId("progress").textContent = word("tooMany", { most: MOST_LINES, count: texts.length });
  } else {
    table = new Table(model, texts);
    table.run();
  }
}

function askPanes() {
  typed++;
  text.dataset.typed = String(typed);
  panes.forEach((pane) => pane.ask());
}

function compare() {
  const two = panes.length === 2;
  byId("compare").setAttribute("aria-pressed", String(!two));
  if (two) {
    panes.pop().close();
    return;
  }
  const other = models.find((model) => model !== panes[0].model) ?? panes[0].model;
  panes.push(new Pane(other.name));
  answers.append(panes[1].root);
  panes[1].ask();
}

async function loadModels() {
  try {
    models = await askModels();
  } catch (failure) {
    trouble(said(failure));
    if (failure.kind === "token") {
      askForToken();
    } else if (failure.retryMillis > 0) {
      setTimeout(loadModels, failure.retryMillis);
    }
    return;
  }
  byId("compare").disabled = models.length === 0;
  if (models.length === 0) {
    trouble(word("noModels"));
    setTimeout(loadModels, NO_MODEL_RETRY_MILLIS);
    return;
  }
  trouble("");
  const first = (models.find((model) => model.default_model) ?? models[0]).name;
  if (panes.length === 0) {
    panes.push(new Pane(first));
    answers.append(panes[0].root);
  } else {
    panes.forEach((pane) => pane.list(first));
  }
  askPanes();
}

function takeToken() {
  useToken(byId("token").value.trim());
  byId("token").value = "";
  byId("access").hidden = true;
  loadModels();
}

text.addEventListener("input", askPanes);
truncation.addEventListener("change", askPanes);
byId("compare").disabled = true;
byId("compare").addEventListener("click", compare);
byId("classify").addEventListener("click", classifyAllLines);
byId("stop").addEventListener("click", () => table?.stop());
byId("csv").addEventListener("click", () => table?.download());
byId("token-use").addEventListener("click", takeToken);
byId("token").addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    takeToken();
  }
});
byId("language").addEventListener("click", () => {
  const names = Object.keys(WORDS);
  language = names[(names.indexOf(language) + 1) % names.length];
  translatePage();
});
translatePage();
loadModels();
