"""Writes schedules.json: learning-rate factors of transformers' schedules, step by step.

Needs torch and transformers; run from this folder: python generate_schedules.py
"""

import json
import pathlib

import torch
from transformers import get_scheduler

CASES = [
    ("linear", 0, 10),
    ("linear", 4, 20),
    ("cosine", 3, 17),
    ("constant", 0, 6),
    ("constant_with_warmup", 4, 9),
    ("inverse_sqrt", 5, 25),
    ("inverse_sqrt", 0, 8),
]


def factors(name, warmup, total):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = get_scheduler(
        name, optimizer, num_warmup_steps=warmup, num_training_steps=total
    )
    seen = []
    for _ in range(total):
        seen.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return seen


pathlib.Path("schedules.json").write_text(
    json.dumps(
        [
            {"type": n, "warmup": w, "total": t, "factors": factors(n, w, t)}
            for n, w, t in CASES
        ],
        indent=1,
    )
    + "\n"
)
