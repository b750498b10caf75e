// A client of Nunchi; examples/README.md says how to run it.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

// Texts that are sent and not yet answered, at most; the server's own bound is
// limits.max_stream_item_count of GetModel.
const WINDOW = 64;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const definition = protoLoader.loadSync(
  ['nunchi/sentiment/v1/sentiment.proto', 'health.proto'],
  { includeDirs: [here('../../proto'), here('../proto')], defaults: true, enums: String, longs: Number },
);
const { nunchi, grpc: grpcPackages } = grpc.loadPackageDefinition(definition);

export class SentimentClient {
  constructor(target, credentials = grpc.credentials.createInsecure(), token = undefined) {
    this.stub = new nunchi.sentiment.v1.SentimentService(target, credentials);
    this.healthStub = new grpcPackages.health.v1.Health(target, credentials);
    this.metadata = new grpc.Metadata();
    if (token) {
      this.metadata.set('authorization', `Bearer ${token}`);
    }
  }

  classify(text, deadlineMs) {
    const options = { deadline: Date.now() + deadlineMs };
    return new Promise((resolve, reject) => {
      this.stub.Classify({ text }, this.metadata, options, (error, answer) =>
        error ? reject(error) : resolve(answer));
    });
  }

  /** SERVING if the server takes calls. Health needs no token. */
  health(deadlineMs) {
    const options = { deadline: Date.now() + deadlineMs };
    return new Promise((resolve, reject) => {
      this.healthStub.Check({}, options, (error, answer) =>
        error ? reject(error) : resolve(answer.status));
    });
  }

  /**
   * Yields one answer for each text, under its number from 1 as its id, in any order. Opens the
   * stream again if the server goes away, and sends again what has no answer.
   */
  async *classifyAll(texts) {
    const source = texts[Symbol.asyncIterator]?.() ?? texts[Symbol.iterator]();
    const unanswered = new Map();
    let count = 0;
    let exhausted = false;
    let wait = FIRST_WAIT_MS;
    while (true) {
      const call = this.stub.StreamClassify(this.metadata);
      for (const item of unanswered.values()) {
        call.write(item);
      }
      const fill = async () => {
        while (!exhausted && unanswered.size < WINDOW) {
          const { value: text, done } = await source.next();
          if (done) {
            exhausted = true;
          } else {
            const item = { id: String(++count), request: { text } };
            unanswered.set(item.id, item);
            call.write(item);
          }
        }
        if (exhausted && !call.writableEnded) {
          call.end();
        }
      };
      try {
        call.on('error', () => {}); // It is thrown by the loop below.
        await fill();
        for await (const answer of call) {
          if (unanswered.delete(answer.id)) {
            yield answer;
            wait = FIRST_WAIT_MS;
          }
          await fill();
        }
        if (exhausted && unanswered.size === 0) {
          return;
        }
      } catch (error) {
        if (error.code !== grpc.status.UNAVAILABLE) {
          throw error;
        }
      } finally {
        call.cancel();
      }
      // Some more or less than that, so that not all clients come back in the same moment.
      await sleep(wait * (0.5 + Math.random()));
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
    }
  }

  close() {
    this.stub.close();
    this.healthStub.close();
  }
}

function credentials({ ca, cert, key }) {
  return ca
    ? grpc.credentials.createSsl(
        readFileSync(ca), key ? readFileSync(key) : null, cert ? readFileSync(cert) : null)
    : grpc.credentials.createInsecure();
}

async function main() {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      target: { type: 'string', default: 'localhost:8080' },
      ca: { type: 'string' },
      cert: { type: 'string' },
      key: { type: 'string' },
      deadline: { type: 'string', default: '1' },
    },
  });
  const [command, ...texts] = positionals;
  const deadlineMs = Number(options.deadline) * 1000;
  const client =
    new SentimentClient(options.target, credentials(options), process.env.NUNCHI_TOKEN);
  try {
    switch (command) {
      case 'health':
        console.log(await client.health(deadlineMs));
        break;
      case 'classify':
        for (const text of texts) {
          const answer = await client.classify(text, deadlineMs);
          console.log(`${answer.label}\t${answer.confidence.toFixed(4)}\t${text}`);
        }
        break;
      case 'stream':
        for await (const answer of client.classifyAll(createInterface({ input: process.stdin }))) {
          console.log(answer.error
            ? `${answer.id}\terror\t${answer.error.message}`
            : `${answer.id}\t${answer.response.label}\t${answer.response.confidence.toFixed(4)}`);
        }
        break;
      default:
        console.error('One of: health, classify TEXT..., stream');
        process.exitCode = 2;
    }
  } catch (error) {
    console.error(`${grpc.status[error.code] ?? error.code}: ${error.details ?? error.message}`);
    process.exitCode = 1;
  } finally {
    client.close();
  }
}

await main();
