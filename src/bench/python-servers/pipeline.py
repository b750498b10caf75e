"""transformers' pipeline on one core: pipeline.py CHECKPOINT TEXTS SECONDS.

Prints texts a second of the processor, one text at a time and in batches of 32, each after a warm-up.
"""

import itertools
import sys
import time

import torch
from transformers import (
    AutoModelForSequenceClassification,
    PreTrainedTokenizerFast,
    pipeline,
)


def measure(classify, texts, seconds, batch_size):
    endless = itertools.cycle(texts)
    list(classify(list(itertools.islice(endless, 64)), batch_size=batch_size))
    count = 0
    began = time.monotonic()
    spent = time.process_time()
    while time.monotonic() - began < seconds:
        list(classify(list(itertools.islice(endless, 64)), batch_size=batch_size))
        count += 64
    return count / (time.process_time() - spent)


def main():
    checkpoint, texts, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    torch.set_num_threads(1)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=checkpoint + "/tokenizer.json",
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=512,
    )
    classify = pipeline(
        "text-classification",
        model=AutoModelForSequenceClassification.from_pretrained(checkpoint),
        tokenizer=tokenizer,
        truncation=True,
    )
    lines = open(texts, encoding="utf-8").read().split("\n")[:-1]
    for batch_size in [1, 32]:
        speed = measure(classify, lines, seconds, batch_size)
        print(f"batches of {batch_size}: {speed:.1f} texts a second of the processor")


main()
