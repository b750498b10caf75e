"""Writes steps.json: ten training steps of each tiny checkpoint in PyTorch, without dropout.

Needs torch and transformers; run from this folder: python generate_steps.py
"""

import json
import pathlib

import torch
from transformers import AutoModelForSequenceClassification

CHECKPOINTS = pathlib.Path("../nn")
STEPS = 10
LEARNING_RATE = 2e-3
SETTINGS = dict(betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1)
MAX_GRAD_NORM = 1.0
LABEL_SMOOTHING = 0.1


def run(name):
    model = AutoModelForSequenceClassification.from_pretrained(
        CHECKPOINTS / name, attn_implementation="eager"
    )
    model.eval()  # no dropout; gradients flow all the same
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed}, {"params": others, "weight_decay": 0.0}],
        lr=LEARNING_RATE,
        **SETTINGS,
    )
    case = next(
        c
        for c in json.loads((CHECKPOINTS / name / "expected.json").read_text())
        if c["name"] == "ragged"
    )
    ids = torch.tensor(case["input_ids"])
    mask = torch.tensor(case["attention_mask"])
    types = torch.tensor(case["token_type_ids"])
    labels = torch.arange(len(ids)) % model.config.num_labels
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)
    losses, norms = [], []
    for _ in range(STEPS):
        logits = model(input_ids=ids, attention_mask=mask, token_type_ids=types).logits
        loss = loss_of(logits, labels)
        loss.backward()
        norms.append(
            float(torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM))
        )
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
    return {"losses": losses, "gradient_norms": norms}


names = ["bert-tiny", "electra-tiny", "electra-tiny-projected"]
pathlib.Path("steps.json").write_text(
    json.dumps({name: run(name) for name in names}, indent=1) + "\n"
)
