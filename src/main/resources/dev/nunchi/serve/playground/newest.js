// Asks while someone types, and shows the newest answer: at most MOST calls are in flight, a newer
// question takes the place of one that waits, and an older answer never that of a newer one.

const MOST = 2;
// A call in flight for so long gives its place to a newer question.
const SLOW_MILLIS = 300;

export class Newest {
  #ask;
  #show;
  #refuse;
  #newest = 0;
  #shown = 0;
  #waiting = null;
  #flying = new Map();
  #pausedUntil = 0;
  #timer = 0;

  /**
   * @param ask asks a question, given a signal that takes the call back; rejects with what has
   *   `retryMillis` where it may be asked again, 0 where not
   * @param show is given the question, its number, its answer and the milliseconds that it took
   * @param refuse is given the question, its number and what it was rejected with
   */
  constructor(ask, show, refuse) {
    this.#ask = ask;
    this.#show = show;
    this.#refuse = refuse;
  }

  /**
   * Supersedes every question before.
   *
   * @param question its `costly` says that it gives way to the next one at once
   * @return its number, which is higher than all before
   */
  put(question) {
    const number = ++this.#newest;
    this.#waiting = { number, question };
    this.#takeBack((call) => call.question.costly);
    this.#next();
    return number;
  }

  /** Forgets what was asked; nothing of it is shown any more. */
  clear() {
    this.#shown = ++this.#newest;
    this.#waiting = null;
    this.#takeBack(() => true);
  }

  #next() {
    clearTimeout(this.#timer);
    if (this.#waiting === null) {
      return;
    }
    const now = performance.now();
    if (now < this.#pausedUntil) {
      this.#later(this.#pausedUntil - now);
      return;
    }
    this.#takeBack((call) => this.#flying.size >= MOST && now - call.began >= SLOW_MILLIS);
    if (this.#flying.size < MOST) {
      const { number, question } = this.#waiting;
      this.#waiting = null;
      this.#start(number, question, now);
    } else {
      const [oldest] = this.#flying.values();
      this.#later(oldest.began + SLOW_MILLIS - now);
    }
  }

  #later(millis) {
    this.#timer = setTimeout(() => this.#next(), Math.max(1, Math.ceil(millis)));
  }

  #start(number, question, began) {
    const controller = new AbortController();
    this.#flying.set(number, { question, began, controller });
    this.#ask(question, controller.signal).then(
      (answer) => this.#ended(number, () => {
        this.#shown = number;
        this.#takeBack((call, other) => other < number);
        this.#show(question, number, answer, performance.now() - began);
      }),
      (failure) => this.#ended(number, () => {
        if (failure.retryMillis > 0) {
          if (number === this.#newest) {
            this.#waiting = { number, question };
          }
          this.#pausedUntil = performance.now() + failure.retryMillis;
        } else {
          this.#shown = number;
        }
        this.#refuse(question, number, failure);
      }),
    );
  }

  /** Does it unless the call was taken back, or a newer one has been shown. */
  #ended(number, then) {
    if (!this.#flying.delete(number)) {
      return;
    }
    if (number > this.#shown) {
      then();
    }
    this.#next();
  }

  #takeBack(condition) {
    for (const [number, call] of this.#flying) {
      if (condition(call, number)) {
        this.#flying.delete(number);
        call.controller.abort();
      }
    }
  }
}
