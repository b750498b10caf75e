"""Trains or evaluates a network of random weights in PyTorch and transformers on random batches of
given shapes and prints how the resident set of the process goes, as TrainingMemory.java does.

Arguments: train or evaluate, configuration of the network, file of batches (a line "rows seq"
each), compute type (fp32 or bf16; bf16 is autocast), threads, batches between two printed ones.
"""

import random
import sys
import time

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

mode, config, shapes, kind, threads, every = *sys.argv[1:5], *map(int, sys.argv[5:7])
start = time.perf_counter()


def megabytes(key):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(key))


def show(what):
    rss, high, seconds = megabytes("VmRSS:"), megabytes("VmHWM:"), time.perf_counter() - start
    print(f"| {what:>7} | {rss:9.1f} MB | {high:9.1f} MB | {seconds:7.1f} |", flush=True)


torch.set_num_threads(threads)
torch.manual_seed(1)
draw = random.Random(1)
show("start")
model = AutoModelForSequenceClassification.from_config(
    AutoConfig.from_pretrained(config), attn_implementation="sdpa"
)
show("weights")
model.train(mode == "train")
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.01},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ],
    lr=1e-4,
    fused=True,
)


def batch(rows, seq):
    """Rows of near-equal length, padded to the longest."""
    lengths = torch.tensor([seq] + [max(1, seq - draw.randrange(8)) for _ in range(rows - 1)])
    mask = (torch.arange(seq) < lengths[:, None]).long()
    ids = torch.randint(5, model.config.vocab_size, (rows, seq))
    return ids.where(mask == 1, model.config.pad_token_id), mask


def train(ids, mask):
    labels = torch.randint(0, model.config.num_labels, (len(ids),))
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=kind == "bf16"):
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    loss.item()


def evaluate(ids, mask):
    with torch.no_grad():
        model(input_ids=ids, attention_mask=mask).logits.tolist()


for step, line in enumerate(open(shapes), 1):
    ids, mask = batch(*map(int, line.split()))
    train(ids, mask) if mode == "train" else evaluate(ids, mask)
    if step % every == 0 or step == 1:
        show(step)
print(f"peak {megabytes('VmHWM:'):.1f}")
