"""Writes probe.json: what transformers answers for texts, with the tiny BERT checkpoint of the tests.

Run in this directory with transformers and torch installed.
"""

import json
import pathlib

import torch
from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast

CHECKPOINT = pathlib.Path(__file__).parent / "../nn/bert-tiny"
TEXTS = [
    "영화 정말 좋다!",
    "음식은 맛있고 가게도 괜찮네요.",
    "오늘 날씨는 별로, 노래도 지루해요",
    "낯선 낱말",
]

tokenizer = PreTrainedTokenizerFast.from_pretrained(CHECKPOINT)
model = AutoModelForSequenceClassification.from_pretrained(CHECKPOINT).eval()
cases = []
for text in TEXTS:
    encoding = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        logits = model(**encoding).logits[0]
    cases.append(
        {"text": text, "input_ids": encoding["input_ids"][0].tolist(), "logits": logits.tolist()}
    )
lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
pathlib.Path("probe.json").write_text("[\n" + lines + "\n]\n", encoding="utf-8")
