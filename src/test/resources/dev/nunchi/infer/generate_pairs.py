"""Writes pairs.json: what transformers answers for texts with a context, with the tiny BERT checkpoint
of the tests.

Run in this directory with transformers and torch installed.
"""

import json
import pathlib

import torch
from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast

CHECKPOINT = pathlib.Path(__file__).parent / "../nn/bert-tiny"
PAIRS = [
    ("영화 정말 좋다!", "어제 우리 가게"),
    ("영화 정말 좋다!", "노래 별로"),
    ("별로", "이 책 추천해요?"),
]

tokenizer = PreTrainedTokenizerFast.from_pretrained(CHECKPOINT)
model = AutoModelForSequenceClassification.from_pretrained(CHECKPOINT).eval()
rows = []
for text, context in PAIRS:
    encoding = tokenizer(text, context, return_tensors="pt", return_token_type_ids=True)
    with torch.no_grad():
        logits = model(**encoding).logits[0]
    rows.append(
        {
            "text": text,
            "context": context,
            "token_count": len(encoding["input_ids"][0]),
            "logits": logits.tolist(),
        }
    )
lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
pathlib.Path("pairs.json").write_text("[\n" + lines + "\n]\n", encoding="utf-8")
