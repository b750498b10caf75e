"""A sentiment service as a team would write it in Python: grpcio, tokenizers and onnxruntime.

server.py MODEL PORT serves `Classify` of the contract with the model.onnx of a model directory, one
text at a time on each core, without the normalisation, limits, metrics and refusals of ours.
"""

import concurrent.futures
import json
import os
import pathlib
import sys

import grpc
import numpy as np
import onnxruntime
import tokenizers
from nunchi.sentiment.v1 import sentiment_pb2, sentiment_pb2_grpc


class Service(sentiment_pb2_grpc.SentimentServiceServicer):
    def __init__(self, model):
        manifest = json.loads((model / "nunchi.json").read_text(encoding="utf-8"))
        self.labels = [label["name"] for label in manifest["labels"]]
        self.tokenizer = tokenizers.Tokenizer.from_file(str(model / "tokenizer.json"))
        self.tokenizer.enable_truncation(manifest["max_length"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(model / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = [each.name for each in self.session.get_inputs()]

    def Classify(self, request, context):
        encoding = self.tokenizer.encode(request.text)
        columns = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        logits = self.session.run(
            None, {name: np.array([columns[name]], dtype=np.int64) for name in self.inputs}
        )[0][0]
        scores = np.exp(logits - logits.max())
        scores /= scores.sum()
        best = int(scores.argmax())
        response = sentiment_pb2.ClassifyResponse(
            label=self.labels[best], confidence=float(scores[best])
        )
        for name, score in zip(self.labels, scores):
            response.scores.add(label=name, score=float(score))
        return response


def main():
    executor = concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count())
    server = grpc.server(executor)
    sentiment_pb2_grpc.add_SentimentServiceServicer_to_server(
        Service(pathlib.Path(sys.argv[1])), server
    )
    server.add_insecure_port(f"127.0.0.1:{sys.argv[2]}")
    server.start()
    server.wait_for_termination()


main()
