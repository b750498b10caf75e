"""Writes nf4.json: matrices in NF4 and the dynamic 8-bit maps, by bitsandbytes 0.50 on a CPU.

bitsandbytes' own kernels for a CPU quantise to 8 bits through a table of 65,536 places, which
gives another code close to the middle of two; those for a GPU take the nearest. So the scales are
quantised by bitsandbytes' general path, which takes the nearest, and the two are compared.

The offset is the mean of the scales, which PyTorch sums in an order that depends on the processor:
seeds are taken for which its sum is the exact one, rounded once.
"""

import base64
import json
import pathlib

import torch
from bitsandbytes import functional as F
from bitsandbytes.backends.default.ops import _get_4bit_quantize_bounds

SIGNED = F.create_dynamic_map(signed=True)
UNSIGNED = F.create_dynamic_map(signed=False)


def text(tensor):
    return base64.b64encode(tensor.contiguous().view(torch.uint8).numpy().tobytes()).decode()


def nested(absmax):
    offset = absmax.mean()
    if offset != absmax.double().mean().float():
        return None
    codes, largest = torch.ops.bitsandbytes.quantize_blockwise((absmax - offset).double(), SIGNED, 256)
    quick, _ = F.quantize_blockwise(absmax - offset, blocksize=256)
    print("scales", absmax.numel(), "other codes by the table of a CPU", (codes != quick).sum().item())
    state2 = F.QuantState(absmax=largest, code=SIGNED, blocksize=256, dtype=torch.float32)
    return codes, largest, offset, state2


def case(name, dtype, shape, change=lambda weight: None):
    for seed in range(100):
        torch.manual_seed(seed)
        weight = torch.randn(shape) * 0.02
        change(weight)
        weight = weight.to(dtype)
        packed, state = F.quantize_4bit(weight, blocksize=64, quant_type="nf4")
        double = nested(state.absmax)
        if double:
            break
    codes, largest, offset, state2 = double
    plain = F.dequantize_4bit(packed, state)
    state_double = F.QuantState(
        absmax=codes, shape=state.shape, dtype=dtype, blocksize=64, code=state.code,
        quant_type="nf4", offset=offset, state2=state2)
    return {
        "name": name,
        "type": {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}[dtype],
        "shape": list(shape),
        "weight": text(weight),
        "packed": text(packed),
        "scales": text(state.absmax),
        "dequantized": text(plain),
        "scale_codes": text(codes),
        "scale_largest": text(largest),
        "offset": text(offset.view(1)),
        "dequantized_doubled": text(F.dequantize_4bit(packed, state_double)),
    }


def zero_block(weight):
    weight.view(-1)[64:128] = 0


def outlier(weight):
    weight.view(-1)[5] = -3.5
    weight.view(-1)[70] = 1e-39
    weight.view(-1)[200] = 1.0


bounds, _ = _get_4bit_quantize_bounds("nf4", torch.device("cpu"))
cases = [
    case("blocks straddle rows and the last is short", torch.float32, (11, 37)),
    case("whole blocks", torch.float32, (4, 64)),
    case("one number", torch.float32, (1, 1)),
    case("an odd number of numbers, the last block holds one", torch.float32, (5, 77)),
    case("a block of zeros", torch.float32, (3, 70), zero_block),
    case("outliers and a number that is nearly none", torch.float32, (6, 50), outlier),
    case("half precision", torch.float16, (7, 41)),
    case("bfloat16 with more blocks than one group of scales", torch.bfloat16, (131, 129)),
]
here = pathlib.Path(__file__).parent
with open(here / "nf4.json", "w") as file:
    json.dump(
        {
            "thresholds": text(bounds),
            "values": text(F.get_4bit_type("nf4", device="cpu")),
            "signed": text(SIGNED),
            "unsigned": text(UNSIGNED),
            "cases": cases,
        },
        file,
        indent=1,
    )
    file.write("\n")
