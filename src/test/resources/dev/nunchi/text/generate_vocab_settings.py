"""Writes vocab-settings.json: what transformers' BertTokenizer makes of wordpiece/vocab.txt with other files beside it.

Made with transformers 5.18. Each variant has its files, which lie beside the vocab.txt, and rows of text and ids.
"""

import json
import tempfile
from pathlib import Path

from transformers import BertTokenizer

HERE = Path(__file__).parent
VOCAB = (HERE / "wordpiece/vocab.txt").read_text(encoding="utf-8")
CONFIG = "tokenizer_config.json"


def token(content, **keys):
    plain = {"lstrip": False, "rstrip": False, "normalized": False, "single_word": False, "special": True}
    return {"content": content, **plain, **keys}


def config(**keys):
    return {CONFIG: json.dumps(keys, ensure_ascii=False)}


RENAMED = VOCAB.replace("[PAD]", "<pad>").replace("[UNK]", "<unk>").replace("[CLS]", "<s>").replace("[SEP]", "</s>").replace("[MASK]", "<mask>")
NAMES = {"pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>"}
VARIANTS = {
    "no configuration": {},
    "cased": config(do_lower_case=False, tokenizer_class="BertTokenizer"),
    "cased, accents stripped": config(do_lower_case=False, strip_accents=True),
    "lower case, accents kept": config(do_lower_case=True, strip_accents=False, tokenizer_class="ElectraTokenizer"),
    "Chinese characters left": config(do_lower_case=False, tokenize_chinese_chars=False),
    "never_split": config(do_lower_case=False, never_split=["좋아요", "(주)"]),
    "do_basic_tokenize": config(do_lower_case=False, do_basic_tokenize=False),
    "carriage returns": {**config(do_lower_case=False), "vocab.txt": VOCAB.replace("\n", "\r\n")},
    "other names": {**config(do_lower_case=False, **NAMES), "vocab.txt": RENAMED},
    "names in special_tokens_map": {
        **config(do_lower_case=False),
        "special_tokens_map.json": json.dumps({**NAMES, "mask_token": token("<mask>", lstrip=True)}),
        "vocab.txt": RENAMED,
    },
    "added_tokens.json": {
        **config(do_lower_case=False),
        "added_tokens.json": json.dumps({"ㅋㅋㅋ": len(VOCAB.split("\n")) - 1, "[URL]": len(VOCAB.split("\n"))}, ensure_ascii=False),
    },
    "added_tokens_decoder": config(
        do_lower_case=True,
        added_tokens_decoder={
            **{str(i): token(t) for i, t in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])},
            "9000": token("[NAME]"),
            "9001": token("ABC", special=False, normalized=True),
        },
    ),
    "additional_special_tokens": config(do_lower_case=False, additional_special_tokens=["#@이름#", "[URL]"]),
}
TEXTS = [
    "이 영화 정말 재미있어요", "배송이 빠르고 좋아요!", "시간이 아까워요 ㅠㅠ", "ㅋㅋㅋ 진짜 웃겨요ㅋㅋㅋㅋ",
    "Great 영화 ABC abc Abc", "café naïve Ünïcode", "漢字와 한글 好", "(주) 회사 좋아요", "[MASK] 토큰 [SEP] 넣기 [CLS] [PAD] [UNK]",
    "<mask> 와 <s> 그리고 </s>", "[URL] 을 보세요 [NAME] 님 #@이름# 님", "한글", "각\u1100\u1161\u11a8", "ｆｕｌｌ　ｗｉｄｔｈ",
    "tab\tand\nnewline\r\nthere", "zero\u200bwidth\ufeffmark", "👍🏽 👨‍👩‍👧 emoji", "1234567890 12.5 %", "...!!!???~~~",
    "가" * 120, "x" * 101, "\x00\x01 control", "\u00a0nbsp\u3000wide", "ß STRASSE ﬁ ligature", "İstanbul ıI", "ÀÉÎ àéî ÅÄÖ",
    "　전각 공백　", "#해시태그 @언급 http://x.kr/?a=1&b=2", "-_- ^^; T_T", "재미있어요재미있어요재미있어요",
]
WORDS = [w for w in (HERE / "corpus.txt").read_text(encoding="utf-8").split("\n") if w.strip()]
TEXTS += WORDS[:: max(1, len(WORDS) // 12)][:12]


def main():
    variants = []
    for name, files in VARIANTS.items():
        with tempfile.TemporaryDirectory() as directory:
            for file, content in {"vocab.txt": VOCAB, **files}.items():
                (Path(directory) / file).write_bytes(content.encode())
            tokenizer = BertTokenizer.from_pretrained(directory)
            rows = [{"text": text, "ids": tokenizer(text)["input_ids"]} for text in TEXTS]
        kept = {f: c for f, c in files.items() if f != "vocab.txt"}
        if "vocab.txt" in files:
            kept["vocab.txt"] = "renamed" if files["vocab.txt"] == RENAMED else "carriage returns"
        variants.append({"name": name, "files": kept, "rows": rows})
    out = "[\n" + ",\n".join(json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in variants) + "\n]\n"
    (HERE / "vocab-settings.json").write_text(out, encoding="utf-8")
    print(sum(len(v["rows"]) for v in variants), "rows,", len(out.encode()), "bytes")


main()
