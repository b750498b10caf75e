"""Hugging Face's side of the epoch.

trainer.py prepare WORK TOKENIZER NETWORK writes WORK/checkpoint: random weights of the network in
../training-step/NETWORK.json beside the tokenizer. trainer.py train WORK THREADS RANK trains it on
WORK/data/train.tsv for one epoch and prints texts, seconds, steps and the share of padding; a RANK
over 0 trains peft's adapters on all linear layers in its place.
"""

import pathlib
import shutil
import sys

import torch
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    DataCollatorWithPadding,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
)

NETWORKS = pathlib.Path(__file__).parent.parent / "training-step"
MAX_LENGTH = 128


def prepare(work, tokenizer, network):
    torch.manual_seed(1)
    config = AutoConfig.from_pretrained(NETWORKS / f"{network}.json")
    config.id2label = {0: "0", 1: "1"}
    config.label2id = {"0": 0, "1": 1}
    AutoModelForSequenceClassification.from_config(config).save_pretrained(
        work / "checkpoint"
    )
    for name in ["tokenizer.json", "tokenizer_config.json"]:
        shutil.copy(pathlib.Path(tokenizer) / name, work / "checkpoint" / name)


class CountingCollator(DataCollatorWithPadding):
    places = 0

    def __call__(self, features):
        batch = super().__call__(features)
        CountingCollator.places += batch["input_ids"].numel()
        return batch


def train(work, threads, rank):
    torch.set_num_threads(threads)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(work / "checkpoint" / "tokenizer.json"),
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )
    lines = (work / "data" / "train.tsv").read_text(encoding="utf-8").split("\n")[1:]
    rows = [line.split("\t") for line in lines if line]
    ids = tokenizer([row[1] for row in rows], truncation=True, max_length=MAX_LENGTH)
    dataset = [
        {
            "input_ids": ids["input_ids"][i],
            "attention_mask": ids["attention_mask"][i],
            "labels": int(rows[i][2]),
        }
        for i in range(len(rows))
    ]
    model = AutoModelForSequenceClassification.from_pretrained(work / "checkpoint")
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
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(work / "trainer"),
            per_device_train_batch_size=32,
            num_train_epochs=1,
            use_cpu=True,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        ),
        train_dataset=dataset,
        data_collator=CountingCollator(tokenizer),
    )
    seconds = trainer.train().metrics["train_runtime"]
    tokens = sum(len(row["input_ids"]) for row in dataset)
    padding = 1 - tokens / CountingCollator.places
    print(len(dataset), seconds, trainer.state.global_step, f"{padding:.4f}")


work = pathlib.Path(sys.argv[2])
if sys.argv[1] == "prepare":
    prepare(work, *sys.argv[3:])
else:
    train(work, int(sys.argv[3]), int(sys.argv[4]))
