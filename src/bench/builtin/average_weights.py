"""The mean of the weights of two checkpoints of one network: average_weights.py FIRST SECOND SHARE OUTPUT.

SHARE is the second's, from 0 to 1. OUTPUT is a new directory with the weights, which are F32, and the
second's configuration and tokenizer; `nunchi train` starts from it.
"""

import array
import json
import pathlib
import shutil
import struct
import sys

WEIGHTS = "model.safetensors"


def read(directory):
    data = (directory / WEIGHTS).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {name: tensor for name, tensor in header.items() if name != "__metadata__"}
    assert all(tensor["dtype"] == "F32" for tensor in tensors.values()), "not all weights are F32"
    return data[: 8 + length], tensors, array.array("f", data[8 + length :])


def main(first, second, share, output):
    first, second, output, share = pathlib.Path(first), pathlib.Path(second), pathlib.Path(output), float(share)
    header, tensors, weights = read(second)
    _, others, before = read(first)
    assert tensors == others, "the checkpoints have other tensors"
    for i, weight in enumerate(weights):
        weights[i] = (1 - share) * before[i] + share * weight
    output.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(second / name, output / name)
    (output / WEIGHTS).write_bytes(header + weights.tobytes())


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
