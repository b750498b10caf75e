"""Writes adamw-8bit.json: ten steps of bitsandbytes' 8-bit AdamW on a CPU.

The gradient of each number is a * (weight - target). bitsandbytes' own kernel for a CPU rounds to
8 bits through a table of 65,536 places; those for a GPU take the nearest code, and so does its
general path, which is put in place of the kernel here.

Made with torch 2.13 and bitsandbytes 0.50: `python generate_adamw_8bit.py`.
"""

import base64
import json
import pathlib

import bitsandbytes
import torch
from bitsandbytes.backends.cpu import ops

SHAPE = (41, 100)
STEPS = 10
RATE = 1e-2


def nearest(numbers, code, largest, codes, blocksize):
    found, most = torch.ops.bitsandbytes.quantize_blockwise(numbers.double(), code, blocksize)
    codes.copy_(found)
    largest.copy_(most)


def run():
    weight = torch.nn.Parameter(START.clone())
    optimizer = bitsandbytes.optim.AdamW8bit(
        [weight], lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1
    )
    for _ in range(STEPS):
        weight.grad = (SCALE * (weight.detach() - TARGET)).clone()
        optimizer.step()
    return weight.detach(), optimizer.state[weight]


def text(tensor):
    return base64.b64encode(tensor.contiguous().view(torch.uint8).numpy().tobytes()).decode()


torch.manual_seed(1)
START = torch.randn(SHAPE)
TARGET = torch.randn(SHAPE)
# From next to nothing to a lot, and a block without gradients.
SCALE = 10 ** torch.linspace(-3, 1, SHAPE[0]).unsqueeze(1).repeat(1, SHAPE[1])
SCALE.view(-1)[512:768] = 0
quick, _ = run()
ops._quant_blockwise_fp32_direct = nearest
weight, state = run()
print("numbers that the kernel for a CPU moves elsewhere", ((weight - quick).abs() > 1e-5).sum().item())
print("and the furthest", (weight - quick).abs().max().item())
result = {
    "shape": SHAPE,
    "steps": STEPS,
    "learning_rate": RATE,
    "weight_decay": 0.1,
    "start": text(START),
    "target": text(TARGET),
    "scale": text(SCALE),
    "weight": text(weight),
    "first": text(state["state1"]),
    "first_largest": text(state["absmax1"]),
    "second": text(state["state2"]),
    "second_largest": text(state["absmax2"]),
}
path = pathlib.Path(__file__).parent / "adamw-8bit.json"
path.write_text(json.dumps(result, indent=1) + "\n")
