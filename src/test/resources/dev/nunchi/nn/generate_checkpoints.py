"""Writes the tiny random checkpoints beside this file and what transformers answers for them.

Made with torch 2.13, transformers 5.18 and tokenizers 0.23.2: `python generate_checkpoints.py`.
Weights are far larger than fresh ones, and norms and biases are random too, so that a mistake
anywhere shows in the logits.
"""

import json
import pathlib
import shutil
import types

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    ModernBertConfig,
    ModernBertForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

HERE = pathlib.Path(__file__).parent
LABELS = {0: "부정", 1: "중립", 2: "긍정"}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
# The order of KLUE-RoBERTa.
ROBERTA_SPECIAL = ["[CLS]", "[PAD]", "[SEP]", "[UNK]"]
WORDS = """이 그 저 나 너 우리 영화 노래 음식 날씨 책 가게 정말 진짜 아주 조금 별로 너무 다시 오늘 어제 내일
좋다 싫다 재밌 지루 맛있 슬프 기쁘 괜찮 최고 최악 추천 후회 감동 실망 ! ? . ,""".split()
SUFFIXES = "은 는 이 가 을 를 도 만 에 서 고 다 네 요 어 해 했 지".split()
MAX_POSITIONS = 24


def tokenizer(special: list[str]) -> Tokenizer:
    tokens = special + WORDS + ["##" + suffix for suffix in SUFFIXES]
    assert len(tokens) == len(set(tokens)) <= 64, len(tokens)
    tokens += [f"[unused{i}]" for i in range(64 - len(tokens))]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    result = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    result.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    result.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    result.decoder = decoders.WordPiece()
    result.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, special.index(token)) for token in ("[CLS]", "[SEP]")],
    )
    result.add_special_tokens(special)
    return result


def randomise(model: torch.nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name.lower().endswith(("layernorm.weight", "norm.weight")):
                parameter.copy_(1 + 0.3 * noise)
            else:
                parameter.copy_(0.2 * noise)


def batches(seed: int, special: list[str], segments: bool) -> list[dict]:
    """The cases; segments says whether the network has any."""
    pad, cls, sep = (special.index(token) for token in ("[PAD]", "[CLS]", "[SEP]"))
    generator = torch.Generator().manual_seed(seed)

    def batch(name: str, lengths: list[int], second_segment: bool = False) -> dict:
        seq = max(lengths)
        ids, mask, types = [], [], []
        for length in lengths:
            row = torch.randint(4, 64, (length,), generator=generator).tolist()
            if length > 0:
                row[0] = cls
                row[-1] = sep if length > 1 else cls
            start = length // 2 if second_segment else length
            ids.append(row + [pad] * (seq - length))
            mask.append([1] * length + [0] * (seq - length))
            types.append([int(i >= start and i < length) for i in range(seq)])
        return {"name": name, "input_ids": ids, "attention_mask": mask, "token_type_ids": types}

    cases = [
        batch("unpadded", [9, 9]),
        batch("ragged", [3, 12, 7, 1]),
        batch("one token", [1]),
        batch("longest", [MAX_POSITIONS, MAX_POSITIONS - 1]),
        batch("two segments", [10, 6], second_segment=segments),
        batch("a row of padding alone", [5, 0]),
        batch("padding in between", [8, 5]),
    ]
    for row in cases[-1]["input_ids"]:
        row[2] = pad
    return cases


def save(
    name: str,
    model,
    seed: int,
    max_shard_size: str = "50GB",
    special: list[str] = SPECIAL,
    segments: bool = True,
) -> None:
    randomise(model, seed)
    model.eval()
    directory = HERE / name
    shutil.rmtree(directory, ignore_errors=True)
    model.save_pretrained(directory, max_shard_size=max_shard_size)
    tokenizer(special).save(str(directory / "tokenizer.json"))
    (directory / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "model_max_length": MAX_POSITIONS,
                "pad_token": "[PAD]",
                "unk_token": "[UNK]",
                "cls_token": "[CLS]",
                "sep_token": "[SEP]",
            },
            indent=2,
        )
        + "\n"
    )
    expected = []
    for batch in batches(seed, special, segments):
        read = ["input_ids", "attention_mask"] + ["token_type_ids"] * segments
        inputs = {key: torch.tensor(batch[key]) for key in read}
        with torch.no_grad():
            logits = model(**inputs).logits
        if not logits.isfinite().all():
            continue  # The mean of no token is no number there; ours is zero.
        expected.append({**batch, "logits": logits.tolist()})
    text = ",\n".join(json.dumps(batch) for batch in expected)
    (directory / "expected.json").write_text(f"[\n{text}\n]\n")


SHAPE = dict(
    vocab_size=64,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=37,
    max_position_embeddings=MAX_POSITIONS,
    type_vocab_size=2,
    pad_token_id=0,
    id2label=LABELS,
    label2id={label: i for i, label in LABELS.items()},
    problem_type="single_label_classification",
    attn_implementation="eager",
)

def modernbert(**settings) -> ModernBertForSequenceClassification:
    return ModernBertForSequenceClassification(
        ModernBertConfig(
            **{key: SHAPE[key] for key in COMMON},
            hidden_size=24,
            num_hidden_layers=4,
            num_attention_heads=4,
            intermediate_size=19,
            local_attention=8,
            cls_token_id=2,
            bos_token_id=2,
            sep_token_id=3,
            eos_token_id=3,
            **settings,
        )
    )


def spell_as_before(directory: pathlib.Path) -> None:
    """Writes the configuration as transformers before 5 did."""
    file = directory / "config.json"
    config = json.loads(file.read_text())
    del config["layer_types"]
    rope = config.pop("rope_parameters")
    config["global_attn_every_n_layers"] = 3
    config["global_rope_theta"] = rope["full_attention"]["rope_theta"]
    config["local_rope_theta"] = rope["sliding_attention"]["rope_theta"]
    file.write_text(json.dumps(config, indent=2) + "\n")


class TextCnn(torch.nn.Module):
    """This project's `text_cnn`, which transformers has not, in PyTorch's own convolutions."""

    def __init__(self, hidden: int, layers: int, kernel: int):
        super().__init__()
        self.config = types.SimpleNamespace(
            architectures=["TextCnnForSequenceClassification"],
            model_type="text_cnn",
            **{key: SHAPE[key] for key in COMMON if key != "attn_implementation"},
            hidden_size=hidden,
            num_hidden_layers=layers,
            kernel_size=kernel,
            hidden_act="gelu",
            hidden_dropout_prob=0.1,
            layer_norm_eps=1e-12,
        )
        self.words = torch.nn.Embedding(SHAPE["vocab_size"], hidden)
        self.norm = torch.nn.LayerNorm(hidden, eps=1e-12)
        self.convolutions = torch.nn.ModuleList(
            torch.nn.Conv1d(hidden, hidden, kernel, padding=kernel // 2) for _ in range(layers)
        )
        self.norms = torch.nn.ModuleList(
            torch.nn.LayerNorm(hidden, eps=1e-12) for _ in range(layers)
        )
        self.dense = torch.nn.Linear(hidden, hidden)
        self.classifier = torch.nn.Linear(hidden, len(LABELS))

    def forward(self, input_ids, attention_mask):
        kept = attention_mask[..., None].float()
        x = self.norm(self.words(input_ids))
        for convolution, norm in zip(self.convolutions, self.norms):
            convolved = convolution((x * kept).transpose(1, 2)).transpose(1, 2)
            x = norm(x + torch.nn.functional.gelu(convolved))
        mean = (x * kept).sum(1) / kept.sum(1)
        logits = self.classifier(torch.tanh(self.dense(mean)))
        return types.SimpleNamespace(logits=logits)

    @classmethod
    def from_pretrained(cls, directory: pathlib.Path):
        config = json.loads((directory / "config.json").read_text())
        model = cls(config["hidden_size"], config["num_hidden_layers"], config["kernel_size"])
        saved = load_file(directory / "model.safetensors")
        with torch.no_grad():
            for name, tensor in model.tensors().items():
                tensor.copy_(saved[name].view(tensor.shape))
        return model

    def tensors(self) -> dict:
        """By the names of the checkpoint: of weights the views that it has."""
        tensors = {
            "text_cnn.embeddings.word_embeddings.weight": self.words.weight,
            "text_cnn.embeddings.LayerNorm.weight": self.norm.weight,
            "text_cnn.embeddings.LayerNorm.bias": self.norm.bias,
        }
        for i, (convolution, norm) in enumerate(zip(self.convolutions, self.norms)):
            layer = f"text_cnn.encoder.layer.{i}."
            # The earliest neighbour first, each with all its channels.
            tensors[layer + "convolution.weight"] = convolution.weight.permute(0, 2, 1)
            tensors[layer + "convolution.bias"] = convolution.bias
            tensors[layer + "LayerNorm.weight"] = norm.weight
            tensors[layer + "LayerNorm.bias"] = norm.bias
        for name, linear in ("dense", self.dense), ("classifier", self.classifier):
            tensors[name + ".weight"] = linear.weight
            tensors[name + ".bias"] = linear.bias
        return tensors

    def save_pretrained(self, directory: pathlib.Path, **_) -> None:
        directory.mkdir()
        save_file(
            {
                name: tensor.detach().flatten(1).contiguous() if tensor.ndim > 2 else tensor.detach()
                for name, tensor in self.tensors().items()
            },
            directory / "model.safetensors",
            {"format": "pt"},
        )
        config = json.dumps(vars(self.config), indent=2, ensure_ascii=False)
        (directory / "config.json").write_text(config + "\n")


COMMON = [
    "vocab_size",
    "max_position_embeddings",
    "pad_token_id",
    "id2label",
    "label2id",
    "problem_type",
    "attn_implementation",
]

if __name__ == "__main__":
    save("bert-tiny", BertForSequenceClassification(BertConfig(**SHAPE)), 1)
    electra = ElectraConfig(embedding_size=32, **SHAPE)
    save("electra-tiny", ElectraForSequenceClassification(electra), 2, "30KB")
    projected = ElectraConfig(embedding_size=16, **SHAPE)
    save("electra-tiny-projected", ElectraForSequenceClassification(projected), 3)
    positions = dict(pad_token_id=1, type_vocab_size=1, max_position_embeddings=MAX_POSITIONS + 2)
    roberta = RobertaConfig(**(SHAPE | positions), layer_norm_eps=1e-5)
    roberta_like = dict(special=ROBERTA_SPECIAL, segments=False)
    save("roberta-tiny", RobertaForSequenceClassification(roberta), 4, **roberta_like)
    xlm = XLMRobertaConfig(**(SHAPE | positions), layer_norm_eps=1e-5)
    save("xlm-roberta-tiny", XLMRobertaForSequenceClassification(xlm), 5, **roberta_like)
    distilbert = DistilBertConfig(
        **{key: SHAPE[key] for key in COMMON},
        dim=32,
        n_layers=2,
        n_heads=4,
        hidden_dim=37,
    )
    save("distilbert-tiny", DistilBertForSequenceClassification(distilbert), 6, segments=False)
    save("modernbert-tiny", modernbert(), 7, segments=False)
    spell_as_before(HERE / "modernbert-tiny")
    biased = dict(norm_bias=True, attention_bias=True, mlp_bias=True, classifier_bias=True)
    mean = modernbert(classifier_pooling="mean", **biased)
    save("modernbert-tiny-mean", mean, 8, segments=False)
    # As version 3: the projections of the tokens for distances too, in buckets that 24 places fill.
    third = DebertaV2Config(
        **(SHAPE | dict(hidden_size=30, num_attention_heads=3, type_vocab_size=0)),
        relative_attention=True,
        position_buckets=6,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type="p2c|c2p",
        position_biased_input=False,
    )
    save("deberta-v3-tiny", DebertaV2ForSequenceClassification(third), 7, segments=False)
    # As version 2 may be: projections for distances, which are cut off at 10, and all embeddings.
    second = DebertaV2Config(
        **(SHAPE | dict(hidden_size=30, num_attention_heads=5)),
        relative_attention=True,
        max_relative_positions=10,
        pos_att_type=["c2p", "p2c"],
        embedding_size=20,
        pooler_hidden_act="tanh",
        cls_dropout=0.15,
    )
    save("deberta-v2-tiny", DebertaV2ForSequenceClassification(second), 8)
    save("text-cnn-tiny", TextCnn(30, 2, 5), 9, segments=False)
