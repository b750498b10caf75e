"""A client of Nunchi; examples/README.md says how to run it."""

import argparse
import os
import pathlib
import queue
import random
import sys
import time

import grpc

# Generates the stubs when it is imported. In a project of your own, generate them once:
# python -m grpc_tools.protoc -I proto -I examples/proto --python_out=. --grpc_python_out=. \
#     nunchi/sentiment/v1/sentiment.proto health.proto google/rpc/status.proto
HOME = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(HOME / "proto"), str(HOME / "examples" / "proto")]
sentiment_pb2, sentiment_pb2_grpc = grpc.protos_and_services("nunchi/sentiment/v1/sentiment.proto")
health_pb2, health_pb2_grpc = grpc.protos_and_services("health.proto")

# Texts that are sent and not yet answered, at most; the server's own bound is
# limits.max_stream_item_count of GetModel.
WINDOW = 64
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0


class SentimentClient:
    def __init__(self, target, credentials=None, token=None):
        self.channel = (
            grpc.secure_channel(target, credentials) if credentials else grpc.insecure_channel(target)
        )
        self.stub = sentiment_pb2_grpc.SentimentServiceStub(self.channel)
        self.metadata = [("authorization", f"Bearer {token}")] if token else []

    def classify(self, text, deadline):
        request = sentiment_pb2.ClassifyRequest(text=text)
        return self.stub.Classify(request, timeout=deadline, metadata=self.metadata)

    def health(self, deadline):
        """SERVING if the server takes calls. Health needs no token."""
        answer = health_pb2_grpc.HealthStub(self.channel).Check(
            health_pb2.HealthCheckRequest(), timeout=deadline
        )
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)

    def classify_all(self, texts):
        """Yields one answer for each text, under its number from 1 as its id, in any order.

        Opens the stream again if the server goes away, and sends again what has no answer.
        """
        numbered = enumerate(texts, start=1)
        unanswered = {}
        wait = FIRST_WAIT
        while True:
            items = queue.SimpleQueue()  # None ends it.
            for item in unanswered.values():
                items.put(item)
            all_sent = self._fill(numbered, unanswered, items)
            call = self.stub.StreamClassify(iter(items.get, None), metadata=self.metadata)
            try:
                for answer in call:
                    if unanswered.pop(answer.id, None) is not None:
                        yield answer
                        wait = FIRST_WAIT
                    all_sent = all_sent or self._fill(numbered, unanswered, items)
                if all_sent and not unanswered:
                    return
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    raise
            finally:
                items.put(None)
                call.cancel()
            # Some more or less than that, so that not all clients come back in the same moment.
            time.sleep(wait * random.uniform(0.5, 1.5))
            wait = min(2 * wait, LONGEST_WAIT)

    @staticmethod
    def _fill(numbered, unanswered, items):
        """Sends texts up to the window; whether there are no more."""
        while len(unanswered) < WINDOW:
            number, text = next(numbered, (None, None))
            if number is None:
                items.put(None)
                return True
            item = sentiment_pb2.StreamClassifyRequest(
                id=str(number), request=sentiment_pb2.ClassifyRequest(text=text)
            )
            unanswered[item.id] = item
            items.put(item)
        return False


def credentials(options):
    if not options.ca:
        return None

    def content(path):
        return pathlib.Path(path).read_bytes() if path else None

    return grpc.ssl_channel_credentials(
        content(options.ca), content(options.key), content(options.cert)
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", default="localhost:8080")
    parser.add_argument("--ca")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--deadline", type=float, default=1.0)
    parser.add_argument("command", choices=["health", "classify", "stream"])
    parser.add_argument("texts", nargs="*")
    options = parser.parse_args()
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    client = SentimentClient(options.target, credentials(options), os.environ.get("NUNCHI_TOKEN"))
    try:
        if options.command == "health":
            print(client.health(options.deadline))
        elif options.command == "classify":
            for text in options.texts:
                answer = client.classify(text, options.deadline)
                print(f"{answer.label}\t{answer.confidence:.4f}\t{text}")
        else:
            for answer in client.classify_all(line.rstrip("\n") for line in sys.stdin):
                if answer.HasField("error"):
                    print(f"{answer.id}\terror\t{answer.error.message}")
                else:
                    print(f"{answer.id}\t{answer.response.label}\t{answer.response.confidence:.4f}")
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")


if __name__ == "__main__":
    main()
