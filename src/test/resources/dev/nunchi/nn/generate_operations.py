"""Writes operations.json: what PyTorch, transformers and peft give for each operation of OperationCase.

Of each case random inputs and weights, the output, and the gradients of a weighted sum of the output,
in double where the reference has no fp32 of its own. The names and shapes are those of the Java cases.
Made with torch 2.13, transformers 5.18 and peft: `python generate_operations.py`.
"""

import base64
import json
import pathlib
import types

import torch
import torch.nn.functional as F
from peft.tuners.lora.dora import DoraLinearLayer
from transformers import LlamaConfig
from transformers.models.deberta_v2.modeling_deberta_v2 import DisentangledSelfAttention
from transformers.models.gemma2.modeling_gemma2 import Gemma2RMSNorm, eager_attention_forward
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb
from transformers.models.roberta.modeling_roberta import RobertaEmbeddings

torch.manual_seed(5)
CASES = []
IDS = [[3, 0, 8, 3, 1], [7, 2, 0, 0, 0]]
MASK = [[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]
MASK_SEEN = [[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]
MASK_GAPS = [[1, 1, 1, 1, 1], [0, 0, 1, 1, 0]]
MASK_EMPTY = [[1, 1, 1, 0, 0], [0, 0, 0, 0, 0]]


def encoded(tensor):
    floats = tensor.detach().float().contiguous().numpy().astype("<f4")
    return {"shape": list(floats.shape), "values": base64.b64encode(floats.tobytes()).decode()}


def states(*shape):
    """Rounded to fp32, so that all read the same numbers."""
    return (1.5 * torch.randn(*(shape or (2, 5, 6)))).double()


def case(name, operation, inputs, **weights):
    """`operation` of the inputs, then of the weights in their order; a dot in a name is `__`."""
    tensors = [
        torch.tensor(one) if isinstance(one, list) else one.requires_grad_() for one in inputs
    ]
    named = {
        key.replace("__", "."): one.requires_grad_()
        for key, one in ((key, (0.3 * torch.randn(*shape)).double()) for key, shape in weights.items())
    }
    for key in named:
        if key == "table.weight" and "bag" in name:
            named[key].data[0] = 0
    output = operation(*tensors, *named.values())
    factors = (2 * torch.rand(output.shape) - 1).double()
    (output * factors).sum().backward()
    CASES.append(
        {
            "name": name,
            "inputs": [encoded(one) for one in tensors],
            "weights": {key: encoded(one) for key, one in named.items()},
            "output": encoded(output),
            "factors": encoded(factors),
            "input_gradients": [
                encoded(torch.zeros_like(one) if one.grad is None else one.grad)
                for one in tensors
            ],
            "weight_gradients": {
                key: encoded(torch.zeros_like(one) if one.grad is None else one.grad)
                for key, one in named.items()
            },
        }
    )


def lookups():
    case("embedding", F.embedding, [IDS], table__weight=(9, 6))
    positions = lambda ids, table: F.embedding(torch.arange(ids.shape[1]), table)[None]
    case("positions", positions, [IDS], table__weight=(9, 6))

    def counted(ids, table):
        rows = RobertaEmbeddings.create_position_ids_from_input_ids(ids, 1)
        return 2 * F.embedding(rows, table, padding_idx=1)

    padded = [[3, 1, 8, 3, 1], [1, 1, 1, 1, 1]]
    case("positions counted past padding", counted, [padded], table__weight=(9, 6))
    case("table", lambda x, table: x + table[None], [states()], table__weight=(1, 6))


def magnitude(x, lengths, weight, down, up):
    """As peft scales what base and update give together."""
    dora = DoraLinearLayer(fan_in_fan_out=False)
    return x * lengths / dora.get_weight_norm(weight, up @ down, 1.5).detach()


def offset_norm(x, weight):
    norm = Gemma2RMSNorm(3, eps=0.01)
    del norm.weight
    norm.weight = weight
    return norm(x.unflatten(-1, (2, 3))).flatten(-2)


def layers():
    case(
        "linear",
        lambda x, wide, bias, narrow: F.linear(F.linear(x, wide, bias), narrow),
        [states()],
        wide__weight=(7, 6),
        wide__bias=(7,),
        narrow__weight=(3, 7),
    )
    case(
        "magnitude of constant lengths",
        magnitude,
        [states(2, 5, 5)],
        m=(5,),
        adapted__weight=(5, 6),
        adapted__lora_A__weight=(2, 6),
        adapted__lora_B__weight=(5, 2),
    )
    case("bias", torch.add, [states()], added=(6,))
    case(
        "layerNorm with bias",
        lambda x, weight, bias: F.layer_norm(x, (6,), weight, bias, 0.01),
        [states()],
        norm__weight=(6,),
        norm__bias=(6,),
    )
    case(
        "layerNorm without bias",
        lambda x, weight: F.layer_norm(x, (6,), weight, None, 0.01),
        [states()],
        norm__weight=(6,),
    )
    case(
        "rmsNorm of 6",
        lambda x, weight: F.rms_norm(x, (6,), weight, 0.01),
        [states()],
        norm__weight=(6,),
    )
    case("rmsNorm of 3", offset_norm, [states()], norm__weight=(3,))
    case("activation GELU", F.gelu, [states()])
    case("activation GELU_TANH", lambda x: F.gelu(x, approximate="tanh"), [states()])
    case("activation RELU", F.relu, [states()])
    case("activation SILU", F.silu, [states()])
    case("activation TANH", torch.tanh, [states()])
    case(
        "dropout while nothing is trained",
        lambda x: 3 * F.dropout(x, 0.5, training=False),
        [states()],
    )


def arithmetic():
    case("add with repeated axes", lambda a, b: a + a + b, [states(), states(1, 5, 6)])
    case("multiply and scale", lambda a, b: -0.7 * a * b, [states(), states()])
    case("masked", lambda mask, x: x * mask[..., None], [MASK, states()])

    for places in 1, 3, 5:

        def unfolded(mask, x, places=places):
            kept = (x * mask[..., None]).transpose(1, 2).unsqueeze(2)
            windows = F.unfold(kept, (1, places), padding=(0, places // 2))
            return windows.unflatten(1, (-1, places)).permute(0, 3, 2, 1).flatten(2)

        case(f"unfold of {places} places", unfolded, [MASK, states()])

    def parts(x):
        first, _, last = x.chunk(3, -1)
        return F.gelu(first) * last

    case("part", parts, [states()])


def heads(x, count):
    return x.unflatten(-1, (count, -1)).transpose(1, 2)


def rotary(x):
    config = LlamaConfig(
        hidden_size=12,
        num_attention_heads=3,
        head_dim=4,
        rope_parameters={"rope_type": "default", "rope_theta": 160_000.0},
    )
    cos, sin = LlamaRotaryEmbedding(config)(x, torch.arange(5)[None])
    split = heads(x, 3)
    return apply_rotary_pos_emb(split, split, cos, sin)[0].transpose(1, 2).flatten(2)


def attention(count, key_heads, scale, causal=False, reach=99, cap=None):
    """Gemma 2's eager attention, or PyTorch's own where there is no cap, of all tokens."""

    def apply(mask, query, key, value, terms=None):
        places = torch.arange(5)
        distance = places[:, None] - places
        seen = (distance.abs() <= reach) & ((distance >= 0) | (not causal))
        seen = seen & mask.bool()[:, None, None, :]
        q, k, v = heads(query, count), heads(key, key_heads), heads(value, key_heads)
        hidden = torch.zeros(seen.shape, dtype=q.dtype).masked_fill(~seen, -1e30)
        if cap is None:
            added = hidden if terms is None else hidden + terms
            out = F.scaled_dot_product_attention(q, k, v, added, scale=scale, enable_gqa=True)
            return out.transpose(1, 2).flatten(2)
        module = types.SimpleNamespace(num_key_value_groups=count // key_heads, training=False)
        out, _ = eager_attention_forward(module, q, k, v, hidden, scaling=scale, softcap=cap)
        return out.flatten(2)

    return apply


def last(mask):
    """The place of the last token that is no padding."""
    return (mask * torch.arange(mask.shape[1])).argmax(1)


def of_token(whole, which):
    """The token's line of the attention of all."""

    def apply(mask, query, key, value):
        lines = whole(mask, query, key, value)
        place = torch.zeros(2, dtype=torch.long) if which == "FIRST" else last(mask)
        return lines[torch.arange(2), place][:, None]

    return apply


def attentions():
    case("rotary", rotary, [states(2, 5, 12)])
    usual = 2**-0.5
    three = lambda: [states(2, 5, 6) for _ in range(3)]
    case("attention plain", attention(3, 3, usual), [MASK_SEEN, *three()])
    case("attention within a window", attention(3, 3, usual, reach=1), [MASK_SEEN, *three()])
    grouped = lambda: [states(2, 5, 8), states(2, 5, 4), states(2, 5, 4)]
    case(
        "attention causal of grouped heads",
        attention(4, 2, 0.3, causal=True),
        [MASK_SEEN, *grouped()],
    )
    case(
        "attention causal, windowed, capped",
        attention(3, 1, 1.1, causal=True, reach=1, cap=2),
        [MASK_SEEN, states(2, 5, 6), states(2, 5, 2), states(2, 5, 2)],
    )
    case(
        "attention with terms of pairs",
        attention(3, 3, usual),
        [MASK_SEEN, *three(), states(2, 3, 5, 5)],
    )
    for name, which, whole, mask, inputs in [
        ("plain", "FIRST", attention(3, 3, usual), MASK, three()),
        ("within a window", "FIRST", attention(3, 3, usual, reach=1), MASK, three()),
        ("plain", "LAST", attention(3, 3, usual), MASK_GAPS, three()),
        (
            "causal of grouped heads, capped",
            "LAST",
            attention(4, 2, 0.3, causal=True, cap=2),
            MASK_GAPS,
            grouped(),
        ),
    ]:
        case(f"attentionOfToken {which}, {name}", of_token(whole, which), [mask, *inputs])


def distances():
    for name, buckets, reach in [("without buckets", 0, 3), ("in buckets", 4, 6)]:
        for of_keys in (False, True):

            def scores(x, table, weight, bias=None):
                projection = lambda rows: F.linear(rows, weight, bias)
                split = lambda y, count: heads(y, count).flatten(0, 1)
                module = types.SimpleNamespace(
                    position_buckets=buckets or -1,
                    max_relative_positions=reach,
                    pos_ebd_size=buckets or reach,
                    share_att_key=False,
                    num_attention_heads=2,
                    pos_att_type=["p2c"] if of_keys else ["c2p"],
                    transpose_for_scores=split,
                    pos_key_proj=projection,
                    pos_query_proj=projection,
                )
                both = split(x, 2)
                bias = DisentangledSelfAttention.disentangled_attention_bias(
                    module, both, both, None, table[0], 1
                )
                # It divides by the root of the width of a head.
                return (0.7 * 3**0.5 * bias).unflatten(0, (2, 2))

            weights = {"projection__weight": (6, 7)}
            if of_keys:
                weights["projection__bias"] = (6,)
            case(
                f"distanceScores {name} of {'keys' if of_keys else 'queries'}",
                scores,
                [states(2, 5, 6), states(1, 2 * (buckets or reach), 7)],
                **weights,
            )


def pool(which):
    def apply(mask, x):
        if which == "MEAN":
            return (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
        return x[torch.arange(2), last(mask)] if which == "LAST" else x[:, 0]

    return apply


def pooling():
    for which in ("FIRST", "LAST"):
        case(f"pool {which} of a token", pool(which), [MASK, states()])
    for which in ("FIRST", "LAST", "MEAN"):
        case(f"pool {which}", pool(which), [MASK, states()])
        case(f"pool {which} of padding alone", pool(which), [MASK_EMPTY, states()])


def numbers(ids, least, most, salt):
    """The numbers of the n-grams in 50 buckets, in whole numbers of any size."""
    for n in range(least, most + 1):
        for start in range(len(ids) - n + 1):
            number = salt
            for one in ids[start : start + n]:
                number = (number * 1103515245 + one + 1) % (2**31 - 1)
            yield 1 + number % 49


def opened(one):
    """The syllable without its final consonant, of which there are 28 with none."""
    return one - (one - 5) % 28 if 5 <= one < 5 + 11172 else one


def ngrams():
    def apply(ids, mask, table):
        bags = []
        for row, kept in zip(ids.tolist(), mask.sum(1).tolist()):
            text = row[:kept]
            bag = [*numbers(text, 1, 3, 0), *numbers([opened(one) for one in text], 2, 6, 2**31 - 2)]
            bags.append(F.embedding_bag(torch.tensor([bag]), table, mode="sum") / len(bag) ** 0.5)
        return torch.cat(bags)

    ids = [[2, 5, 6, 33, 11_176], [2, 11_177, 32, 12_000, 0]]
    mask = [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
    case("ngrams of two views in a bag", apply, [ids, mask], table__weight=(50, 3))


lookups()
layers()
arithmetic()
attentions()
distances()
pooling()
ngrams()
text = ",\n".join(json.dumps(one, separators=(",", ":")) for one in CASES)
(pathlib.Path(__file__).parent / "operations.json").write_text(f"[\n{text}\n]\n")
