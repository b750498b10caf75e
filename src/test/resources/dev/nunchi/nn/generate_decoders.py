"""Writes the tiny random decoders beside this file and what transformers answers for them.

Made as generate_checkpoints.py, which it uses: `python generate_decoders.py`. Windows are shorter
than the longest texts, heads of queries share those of keys, and widths are odd where they may be.
Tokenizers have the form of the family's: bytes (Llama 3, Qwen, EXAONE) or SentencePiece's BPE with
bytes for what it has no piece for (Mistral, Gemma).
"""

import json
import pathlib
import shutil

import torch
from generate_checkpoints import LABELS, MAX_POSITIONS, SUFFIXES, WORDS
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers import trainers
from transformers import (
    AutoModelForSequenceClassification,
    Exaone4Config,
    Exaone4ForSequenceClassification,
    Gemma2Config,
    Gemma2ForSequenceClassification,
    Gemma3TextConfig,
    Gemma3TextForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    MistralConfig,
    MistralForSequenceClassification,
    Qwen2Config,
    Qwen2ForSequenceClassification,
    Qwen3Config,
    Qwen3ForSequenceClassification,
)

HERE = pathlib.Path(__file__).parent
VOCABULARY = 304
TEXTS = [f"{word}{suffix} {other}" for word in WORDS for suffix in SUFFIXES for other in WORDS[::7]]
# As Llama 3 and Qwen split a text before they look at its bytes.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def of_bytes(special: list[str], bos: str | None) -> Tokenizer:
    """Special tokens after the others, as Llama 3 and Qwen have them."""
    result = Tokenizer(models.BPE(ignore_merges=True))
    result.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    result.train_from_iterator(TEXTS, trainer)
    result.decoder = decoders.ByteLevel()
    result.add_special_tokens(special)
    byte_level = processors.ByteLevel(trim_offsets=False)
    result.post_processor = byte_level if bos is None else processors.Sequence([byte_level, begins(result, bos)])
    return result


def of_pieces(special: list[str], bos: str, prefix: bool) -> Tokenizer:
    """Special tokens and bytes before the others, as SentencePiece's models have them.

    prefix says whether a space stands before every text.
    """
    tokens = special + [f"<0x{byte:02X}>" for byte in range(256)]
    tokens += sorted({"▁", *"".join(WORDS + SUFFIXES)})[: VOCABULARY - len(tokens) - 4]
    merges = []
    for left, right in [("영", "화"), ("▁", "영"), ("좋", "다"), ("▁영", "화")]:
        if left in tokens and right in tokens:
            merges.append((left, right))
            tokens.append(left + right)
    ids = {token: i for i, token in enumerate(tokens)}
    result = Tokenizer(
        models.BPE(ids, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    space = normalizers.Replace(" ", "▁")
    result.normalizer = (
        normalizers.Sequence([normalizers.Prepend("▁"), space]) if prefix else space
    )
    result.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    result.add_special_tokens(special)
    result.post_processor = begins(result, bos)
    return result


def begins(tokenizer: Tokenizer, bos: str) -> processors.TemplateProcessing:
    return processors.TemplateProcessing(
        single=f"{bos} $A",
        pair=f"{bos} $A {bos}:1 $B:1",
        special_tokens=[(bos, tokenizer.token_to_id(bos))],
    )


def randomise(model: torch.nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    offset = 0 if model.config.model_type.startswith("gemma") else 1
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith("norm.weight"):
                parameter.copy_(offset + 0.3 * noise)
            else:
                parameter.copy_(0.2 * noise)


def batches(seed: int, vocabulary: int, pad: int, eos: int) -> list[dict]:
    generator = torch.Generator().manual_seed(seed)
    ordinary = [i for i in range(vocabulary) if i not in (pad, eos)]

    def batch(name: str, lengths: list[int], left: bool = False, last: int | None = None) -> dict:
        seq = max(lengths)
        ids, mask = [], []
        for length in lengths:
            row = [ordinary[i] for i in torch.randint(len(ordinary), (length,), generator=generator)]
            if last is not None:
                row[-1] = last
            padding, hidden = [pad] * (seq - length), [0] * (seq - length)
            ids.append(padding + row if left else row + padding)
            mask.append(hidden + [1] * length if left else [1] * length + hidden)
        types = [[0] * seq for _ in lengths]
        return {"name": name, "input_ids": ids, "attention_mask": mask, "token_type_ids": types}

    cases = [
        batch("unpadded", [9, 9]),
        batch("ragged", [3, 12, 7, 1]),
        batch("left padding", [3, 12, 7, 1], left=True),
        batch("one token", [1]),
        batch("longest", [MAX_POSITIONS, MAX_POSITIONS - 1]),
        batch("a row of padding alone", [5, 0]),
        batch("padding in between", [8, 5]),
        batch("the end of text at the end", [6, 4, 1], last=eos),
    ]
    for row in cases[-2]["input_ids"]:
        row[2] = pad
    return cases


def logits(model, batch: dict) -> list:
    ids, mask = torch.tensor(batch["input_ids"]), torch.tensor(batch["attention_mask"])
    pad = model.config.pad_token_id
    if not bool(((ids == pad) & (mask == 1))[:, -1].any() or (ids[mask == 1] == pad).any()):
        with torch.no_grad():
            return model(input_ids=ids, attention_mask=mask).logits.tolist()
    # transformers looks for the last token that is not the padding id, whatever the mask says.
    # Without such an id it takes the last place, of one text at a time.
    model.config.pad_token_id = None
    rows = []
    for row, seen in zip(ids, mask):
        with torch.no_grad():
            rows += model(input_ids=row[seen == 1].unsqueeze(0)).logits.tolist()
    model.config.pad_token_id = pad
    return rows


def save(name: str, model, seed: int, tokenizer: Tokenizer, respelt=lambda config: None) -> None:
    randomise(model, seed)
    directory = HERE / name
    shutil.rmtree(directory, ignore_errors=True)
    model.save_pretrained(directory)
    file = directory / "config.json"
    config = json.loads(file.read_text())
    respelt(config)
    file.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")
    model = AutoModelForSequenceClassification.from_pretrained(
        directory, attn_implementation="eager"
    ).eval()
    pad, eos = model.config.pad_token_id, model.config.eos_token_id
    assert tokenizer.get_vocab_size() <= model.config.vocab_size, tokenizer.get_vocab_size()
    tokenizer.save(str(directory / "tokenizer.json"))
    (directory / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "model_max_length": MAX_POSITIONS,
                "pad_token": tokenizer.id_to_token(pad),
                "eos_token": tokenizer.id_to_token(eos),
            },
            indent=2,
        )
        + "\n"
    )
    cases = batches(seed, model.config.vocab_size, pad, eos)
    expected = [{**batch, "logits": logits(model, batch)} for batch in cases]
    text = ",\n".join(json.dumps(batch) for batch in expected)
    (directory / "expected.json").write_text(f"[\n{text}\n]\n")


def shape(tokenizer: Tokenizer, pad: str, eos: str, **sizes) -> dict:
    return dict(
        vocab_size=VOCABULARY,
        pad_token_id=tokenizer.token_to_id(pad),
        eos_token_id=tokenizer.token_to_id(eos),
        bos_token_id=None,
        id2label=LABELS,
        label2id={label: i for i, label in LABELS.items()},
        problem_type="single_label_classification",
        **(dict(max_position_embeddings=MAX_POSITIONS) | sizes),
    )


def llama() -> None:
    special = ["<|begin_of_text|>", "<|end_of_text|>", "<|finetune_right_pad_id|>"]
    tokenizer = of_bytes(special, special[0])
    scaling = dict(
        rope_type="llama3",
        factor=8.0,
        low_freq_factor=1.0,
        high_freq_factor=4.0,
        original_max_position_embeddings=64,
    )
    config = LlamaConfig(
        **shape(tokenizer, special[2], special[1], max_position_embeddings=96),
        hidden_size=28,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=10,
        attention_bias=True,
        mlp_bias=True,
        rope_parameters=dict(scaling, rope_theta=500.0),
    )

    def as_before(config: dict) -> None:
        del config["rope_parameters"]
        config["rope_theta"] = 500.0
        config["rope_scaling"] = scaling

    save("llama-tiny", LlamaForSequenceClassification(config), 21, tokenizer, as_before)


def mistral() -> None:
    special = ["<unk>", "<s>", "</s>", "<pad>"]
    tokenizer = of_pieces(special, "<s>", prefix=True)
    config = MistralConfig(
        **shape(tokenizer, "<pad>", "</s>"),
        hidden_size=30,
        intermediate_size=31,
        num_hidden_layers=2,
        num_attention_heads=3,
        num_key_value_heads=1,
        sliding_window=5,
    )
    save("mistral-tiny", MistralForSequenceClassification(config), 22, tokenizer)


def qwen2() -> None:
    """Padded with what ends texts."""
    special = ["<|endoftext|>"]
    tokenizer = of_bytes(special, None)
    config = Qwen2Config(
        **shape(tokenizer, special[0], special[0]),
        hidden_size=24,
        intermediate_size=29,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        use_sliding_window=True,
        sliding_window=4,
        max_window_layers=1,
    )

    def as_before(config: dict) -> None:
        del config["layer_types"]
        config["rope_theta"] = config.pop("rope_parameters")["rope_theta"]

    save("qwen2-tiny", Qwen2ForSequenceClassification(config), 23, tokenizer, as_before)


def qwen3() -> None:
    special = ["<|endoftext|>", "<|im_end|>"]
    tokenizer = of_bytes(special, None)
    config = Qwen3Config(
        **shape(tokenizer, special[0], special[1]),
        hidden_size=30,
        intermediate_size=27,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=2,
        head_dim=8,
        rope_parameters=dict(rope_type="default", rope_theta=1_000_000.0),
    )
    save("qwen3-tiny", Qwen3ForSequenceClassification(config), 24, tokenizer)


GEMMA = ["<pad>", "<eos>", "<bos>", "<unk>"]


def gemma2() -> None:
    """With a cap and a scalar that are felt."""
    tokenizer = of_pieces(GEMMA, "<bos>", prefix=False)
    config = Gemma2Config(
        **shape(tokenizer, "<pad>", "<eos>"),
        hidden_size=20,
        intermediate_size=33,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=6,
        query_pre_attn_scalar=11,
        attn_logit_softcapping=2.0,
        sliding_window=5,
    )
    save("gemma2-tiny", Gemma2ForSequenceClassification(config), 25, tokenizer)


def gemma3() -> None:
    tokenizer = of_pieces(GEMMA, "<bos>", prefix=False)
    config = Gemma3TextConfig(
        **shape(tokenizer, "<pad>", "<eos>"),
        hidden_size=20,
        intermediate_size=23,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=6,
        query_pre_attn_scalar=9,
        sliding_window=4,
        sliding_window_pattern=3,
    )

    def as_before(config: dict) -> None:
        for key in ("layer_types", "rope_parameters", "_sliding_window_pattern"):
            del config[key]
        config["sliding_window_pattern"] = 3
        config["rope_theta"] = 50_000.0
        config["rope_local_base_freq"] = 700.0
        config["rope_scaling"] = {"rope_type": "linear", "factor": 4.0}

    model = Gemma3TextForSequenceClassification(config)
    save("gemma3-tiny", model, 26, tokenizer, as_before)


def exaone4() -> None:
    special = ["[PAD]", "[|endofturn|]"]
    tokenizer = of_bytes(special, None)
    config = Exaone4Config(
        **shape(tokenizer, special[0], special[1]),
        hidden_size=24,
        intermediate_size=35,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        sliding_window=4,
        sliding_window_pattern=2,
    )
    save("exaone4-tiny", Exaone4ForSequenceClassification(config), 27, tokenizer)


if __name__ == "__main__":
    for write in (llama, mistral, qwen2, qwen3, gemma2, gemma3, exaone4):
        write()
