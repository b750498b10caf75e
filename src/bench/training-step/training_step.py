"""Prints the training steps a second of a network in PyTorch and transformers.

Arguments: compute type (fp32 or bf16), threads, rows, tokens in a row, steps, configuration, and
optionally the rank of peft's adapters on all linear layers, which are then what is trained. bf16 is
autocast. Attention is that of PyTorch where it computes the family's.
"""

import sys
import time

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

kind, threads, rows, seq, steps = sys.argv[1], *map(int, sys.argv[2:6])
torch.set_num_threads(threads)
torch.manual_seed(1)
config = AutoConfig.from_pretrained(sys.argv[6])
attention = "eager" if config.model_type in ("deberta-v2", "gemma2") else "sdpa"
model = AutoModelForSequenceClassification.from_config(config, attn_implementation=attention)
rank = int(sys.argv[7]) if len(sys.argv) > 7 else 0
if rank:
    from peft import LoraConfig, TaskType, get_peft_model

    model = get_peft_model(
        model,
        LoraConfig(
            task_type=TaskType.SEQ_CLS,
            r=rank,
            lora_alpha=2 * rank,
            lora_dropout=0.05,
            target_modules="all-linear",
        ),
    )
model.train()
trained = [p for p in model.parameters() if p.requires_grad]
decayed = [p for p in trained if p.ndim > 1]
others = [p for p in trained if p.ndim < 2]
optimizer = torch.optim.AdamW(
    [
        {"params": decayed, "weight_decay": 0.01},
        {"params": others, "weight_decay": 0.0},
    ],
    lr=1e-4,
    fused=True,
)
ids = torch.randint(5, model.config.vocab_size, (rows, seq))
labels = torch.randint(0, model.config.num_labels, (rows,))


def run(count):
    for _ in range(count):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=kind == "bf16"):
            loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()


run(5)
start = time.perf_counter()
run(steps)
print(f"{steps / (time.perf_counter() - start):.3f}")
