"""Writes tiny checkpoints that transformers saved in NF4, and what it answers for them.

Made with torch 2.13, transformers 5.18 and bitsandbytes 0.50 on a CPU, from the checkpoints beside
this file: `python generate_quantized.py`. transformers quantises every linear layer of a BERT or a
RoBERTa, its head too.
"""

import json
import pathlib
import shutil

import torch
from transformers import AutoModelForSequenceClassification, BitsAndBytesConfig

HERE = pathlib.Path(__file__).parent


def load(source, dtype, double):
    return AutoModelForSequenceClassification.from_pretrained(
        source,
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=double,
            bnb_4bit_compute_dtype=torch.float32,
        ),
        dtype=dtype,
        attn_implementation="eager",
    ).eval()


def write(name, dtype, double):
    source, target = HERE / name, HERE / f"{name}-nf4"
    shutil.rmtree(target, ignore_errors=True)
    load(source, dtype, double).save_pretrained(target)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(source / file, target / file)
    # The numbers of the saved weights, computed with in fp32.
    model = load(source, dtype, double).dequantize().float()
    cases = json.loads((source / "expected.json").read_text())
    with torch.no_grad():
        for case in cases:
            inputs = {key: torch.tensor(case[key]) for key in ("input_ids", "attention_mask")}
            if model.config.type_vocab_size > 1:
                inputs["token_type_ids"] = torch.tensor(case["token_type_ids"])
            case["logits"] = model(**inputs).logits.tolist()
    rows = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (target / "expected.json").write_text(f"[\n{rows}\n]\n")


write("bert-tiny", torch.float32, double=True)
write("roberta-tiny", torch.bfloat16, double=False)
