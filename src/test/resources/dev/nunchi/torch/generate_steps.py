"""Writes steps.json: ten training steps of each tiny checkpoint in PyTorch, without dropout,
by AdamW and by Adagrad, with weights of labels, with several labels and of a regression, and ten by
Adagrad with sparse gradients of a table of hashed n-grams.

Needs torch and transformers; run from this folder: python generate_steps.py
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForSequenceClassification

CHECKPOINTS = pathlib.Path("../nn")
sys.path.append(str(CHECKPOINTS))
from generate_checkpoints import TextCnn

STEPS = 10

# Families that read the segment of each token.
SEGMENTS = ("bert", "electra", "deberta-v2")
LEARNING_RATE = 2e-3
SETTINGS = dict(betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1)
MAX_GRAD_NORM = 1.0
LABEL_SMOOTHING = 0.1


ADAGRAD = dict(lr=1e-2, eps=1e-4)


def adamw(model):
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim < 2]
    return torch.optim.AdamW(
        [{"params": decayed}, {"params": others, "weight_decay": 0.0}],
        lr=LEARNING_RATE,
        **SETTINGS,
    )


def adagrad(model):
    return torch.optim.Adagrad(model.parameters(), **ADAGRAD)


def plain(logits):
    labels = torch.arange(len(logits)) % logits.shape[1]
    return torch.nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)(logits, labels)


def weighted(logits):
    labels = torch.arange(len(logits)) % logits.shape[1]
    weights = torch.arange(1, logits.shape[1] + 1).float() ** 2
    return torch.nn.CrossEntropyLoss(weights, label_smoothing=LABEL_SMOOTHING)(logits, labels)


def several(logits):
    """Text i has the labels under i."""
    labels = (torch.arange(logits.shape[1]) < torch.arange(len(logits))[:, None]).float()
    weights = torch.arange(1, logits.shape[1] + 1).float() ** 2
    return torch.nn.BCEWithLogitsLoss(pos_weight=weights)(logits, labels)


def values(logits):
    """Values from -1 to 1; the loss is the one that transformers takes for a regression."""
    wanted = torch.linspace(-1, 1, len(logits))
    return torch.nn.MSELoss()(logits.squeeze(), wanted)


def regression(model):
    """The model with the first of its labels for its value."""
    old, model.classifier = model.classifier, torch.nn.Linear(model.config.hidden_size, 1)
    with torch.no_grad():
        model.classifier.weight.copy_(old.weight[:1])
        model.classifier.bias.copy_(old.bias[:1])
    return model


def loaded(name):
    if name == "text-cnn-tiny":
        return TextCnn.from_pretrained(CHECKPOINTS / name)
    return AutoModelForSequenceClassification.from_pretrained(
        CHECKPOINTS / name, attn_implementation="eager"
    )


def run(name, optimizer_of, loss_of=plain, changed=lambda model: model):
    model = changed(loaded(name))
    model.eval()  # no dropout; gradients flow all the same
    optimizer = optimizer_of(model)
    case = next(
        c
        for c in json.loads((CHECKPOINTS / name / "expected.json").read_text())
        if c["name"] == "ragged"
    )
    ids = torch.tensor(case["input_ids"])
    mask = torch.tensor(case["attention_mask"])
    types = torch.tensor(case["token_type_ids"])
    losses, norms = [], []
    for _ in range(STEPS):
        segmented = model.config.model_type in SEGMENTS and model.config.type_vocab_size > 0
        segments = {"token_type_ids": types} if segmented else {}
        logits = model(input_ids=ids, attention_mask=mask, **segments).logits
        loss = loss_of(logits)
        loss.backward()
        norms.append(
            float(torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM))
        )
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
    return {"losses": losses, "gradient_norms": norms}


# The configuration of an ngram_linear network, and four texts of tokens.
NGRAMS = {
    "model_type": "ngram_linear",
    "vocab_size": 50,
    "num_labels": 3,
    "ngram_buckets": 97,
    "ngram_max": 3,
}
TEXTS = [[2, 7, 9, 8, 3], [2, 7, 9, 3], [2, 30, 31, 9, 8, 30, 3], [2, 3]]


def numbers(ids):
    found = []
    for n in range(1, NGRAMS["ngram_max"] + 1):
        for start in range(len(ids) - n + 1):
            h = 0
            for one in ids[start : start + n]:
                h = (h * 1103515245 + one + 1) % (2**31 - 1)
            found.append(1 + h % (NGRAMS["ngram_buckets"] - 1))
    return found


def run_ngrams():
    labels = torch.arange(len(TEXTS)) % NGRAMS["num_labels"]
    table = torch.nn.Embedding(NGRAMS["ngram_buckets"], NGRAMS["num_labels"], sparse=True)
    bias = torch.nn.Parameter(torch.zeros(NGRAMS["num_labels"]))
    torch.nn.init.zeros_(table.weight)
    optimizer = torch.optim.Adagrad([table.weight, bias], **ADAGRAD)
    losses, norms = [], []
    for _ in range(STEPS):
        bags = [numbers(ids) for ids in TEXTS]
        logits = torch.stack(
            [table(torch.tensor(bag)).sum(0) / len(bag) ** 0.5 for bag in bags]
        )
        loss = torch.nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)(logits + bias, labels)
        loss.backward()
        table.weight.grad = table.weight.grad.coalesce()
        gradients = [table.weight.grad.values(), bias.grad]
        norms.append(float(torch.cat([g.flatten() for g in gradients]).norm()))
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    return {"config": NGRAMS, "texts": TEXTS, "losses": losses, "gradient_norms": norms}


names = [
    "bert-tiny",
    "electra-tiny",
    "electra-tiny-projected",
    "roberta-tiny",
    "xlm-roberta-tiny",
    "distilbert-tiny",
    "modernbert-tiny",
    "modernbert-tiny-mean",
    "deberta-v3-tiny",
    "deberta-v2-tiny",
    "llama-tiny",
    "mistral-tiny",
    "qwen2-tiny",
    "qwen3-tiny",
    "gemma2-tiny",
    "gemma3-tiny",
    "exaone4-tiny",
    "text-cnn-tiny",
]
steps = {name: run(name, adamw) for name in names}
steps["bert-tiny-adagrad"] = run("bert-tiny", adagrad)
steps["bert-tiny-weighted"] = run("bert-tiny", adamw, weighted)
steps["bert-tiny-several-labels"] = run("bert-tiny", adamw, several)
steps["bert-tiny-regression"] = run("bert-tiny", adamw, values, regression)
steps["ngram-linear-adagrad"] = run_ngrams()
pathlib.Path("steps.json").write_text(json.dumps(steps, indent=1) + "\n")
