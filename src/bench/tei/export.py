"""The graphs that a user of text-embeddings-inference would give it.

export.py CHECKPOINT FP32 INT8 writes FP32/model.onnx as torch.onnx exports a sequence classifier of
transformers, and INT8/model.onnx as onnxruntime quantises that (dynamic, signed weights of each channel).
"""

import pathlib
import sys

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModelForSequenceClassification


def main():
    checkpoint, fp32, int8 = map(pathlib.Path, sys.argv[1:])
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, attn_implementation="eager")
    model.eval()
    model.config.return_dict = False
    for output in (fp32, int8):
        output.mkdir(parents=True, exist_ok=True)
    ids = torch.ones(2, 8, dtype=torch.int64)
    axes = {0: "batch", 1: "sequence"}
    torch.onnx.export(
        model,
        (ids, ids),
        str(fp32 / "model.onnx"),
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(
        str(fp32 / "model.onnx"),
        str(int8 / "model.onnx"),
        weight_type=QuantType.QInt8,
        per_channel=True,
    )


main()
