"""Writes LoRA adapters of the tiny checkpoints with PEFT, what it answers with them for the ragged
batch of the checkpoint (logits), and the losses and gradient norms of ten steps of AdamW from there,
without dropout.

Made with torch 2.13, transformers 5.18 and peft 0.21: `python generate_adapters.py` in this folder.
"""

import json
import pathlib
import shutil

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification

CHECKPOINTS = "../../nn/"
STEPS = 10
LEARNING_RATE = 2e-3
SETTINGS = dict(betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1)
MAX_GRAD_NORM = 1.0
LABEL_SMOOTHING = 0.1
SEGMENTS = ("bert", "electra", "deberta-v2")

# Name: checkpoint, settings.
ADAPTERS = {
    "bert-usual": ("bert-tiny", dict(r=4, lora_alpha=6, lora_dropout=0.1)),
    "bert-pooler-saved": (
        "bert-tiny",
        dict(r=2, lora_alpha=8, target_modules="all-linear", modules_to_save=["pooler.dense"]),
    ),
    "roberta-patterns": (
        "roberta-tiny",
        dict(
            r=3,
            lora_alpha=5,
            target_modules="all-linear",
            exclude_modules=r".*\.layer\.0\.intermediate\.dense",
            rank_pattern={"query": 5, r"layer\.1\.attention\.output\.dense": 2},
            alpha_pattern={r".*layer\.0\.output\.dense": 11},
            use_rslora=True,
        ),
    ),
    "electra-layers": (
        "electra-tiny-projected",
        dict(r=4, target_modules=["query", "dense"], layers_to_transform=[1]),
    ),
    "distilbert-dora": (
        "distilbert-tiny",
        dict(r=3, lora_alpha=6, target_modules=["q_lin", "out_lin", "lin1"], use_dora=True),
    ),
    "modernbert-dora": (
        "modernbert-tiny",
        dict(
            r=2,
            lora_alpha=3,
            target_modules=r".*\.(Wqkv|Wo)",
            use_dora=True,
            use_rslora=True,
            rank_pattern={"Wo": 4},
        ),
    ),
    "deberta-shared": ("deberta-v3-tiny", dict(r=4, lora_alpha=4)),
    "llama-every": (
        "llama-tiny",
        dict(
            r=4,
            lora_alpha=8,
            target_modules=[f"{name}_proj" for name in "q k v o gate up down".split()],
        ),
    ),
    "gemma2-dora": ("gemma2-tiny", dict(r=3, use_dora=True, use_rslora=True)),
    "gemma3-all": ("gemma3-tiny", dict(r=2, lora_alpha=1, target_modules="all-linear")),
    "qwen2-usual": ("qwen2-tiny", dict(r=4)),
    "qwen3-usual": ("qwen3-tiny", dict(r=4)),
    "mistral-usual": ("mistral-tiny", dict(r=4)),
    "exaone4-named": ("exaone4-tiny", dict(r=4, target_modules=["q_proj", "v_proj"])),
}


def base(name):
    return AutoModelForSequenceClassification.from_pretrained(
        CHECKPOINTS + name, attn_implementation="eager"
    )


def make(name, checkpoint, settings):
    torch.manual_seed(3)
    config = LoraConfig(task_type=TaskType.SEQ_CLS, **settings)
    model = get_peft_model(base(checkpoint), config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn(parameter.shape))
    shutil.rmtree(name, ignore_errors=True)
    model.save_pretrained(name)
    (pathlib.Path(name) / "README.md").unlink()
    # PEFT writes a set in any order.
    file = pathlib.Path(name) / "adapter_config.json"
    written = json.loads(file.read_text())
    if isinstance(written["target_modules"], list):
        written["target_modules"].sort()
    file.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")


def ragged(checkpoint, model_type):
    cases = json.loads(pathlib.Path(CHECKPOINTS + checkpoint, "expected.json").read_text())
    case = next(c for c in cases if c["name"] == "ragged")
    inputs = {key: torch.tensor(case[key]) for key in ("input_ids", "attention_mask")}
    return inputs, torch.tensor(case["token_type_ids"])


def run(name, checkpoint):
    # As a user opens it: what the file holds decides, not what is left in memory.
    model = PeftModel.from_pretrained(base(checkpoint), name, is_trainable=True)
    model.eval()  # no dropout; gradients flow all the same
    inputs, types = ragged(checkpoint, model.config.model_type)
    if model.config.model_type in SEGMENTS and model.config.type_vocab_size > 0:
        inputs["token_type_ids"] = types
    with torch.no_grad():
        logits = model(**inputs).logits.tolist()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in trained if p.ndim > 1]},
            {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
        ],
        lr=LEARNING_RATE,
        **SETTINGS,
    )
    losses, norms = [], []
    for _ in range(STEPS):
        output = model(**inputs).logits
        labels = torch.arange(len(output)) % output.shape[1]
        loss = torch.nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)(output, labels)
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(trained, MAX_GRAD_NORM)))
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    expected = {"logits": logits, "losses": losses, "gradient_norms": norms}
    pathlib.Path(name, "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


def old_names(source, target):
    """The tensors as older versions left them, a copy of the head before training among them."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    file = pathlib.Path(target, "adapter_model.safetensors")
    renamed = {}
    for name, tensor in load_file(file).items():
        if ".classifier." in name:
            inside = name.replace(".classifier.", ".classifier.modules_to_save.default.")
            renamed[inside] = tensor
            renamed[name.replace(".classifier.", ".classifier.original_module.")] = tensor * 0 + 9
        else:
            renamed[name.replace(".weight", ".default.weight")] = tensor
    save_file(renamed, file)


for name, (checkpoint, settings) in ADAPTERS.items():
    make(name, checkpoint, settings)
    run(name, checkpoint)
old_names("bert-usual", "bert-old-names")
