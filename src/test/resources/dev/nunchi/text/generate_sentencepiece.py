"""Writes sentencepiece/*.model and sentencepiece.json: two tiny Unigram models over corpus.txt, and what transformers makes of each alone.

Made with transformers 5.18, sentencepiece 0.2. The charsmap is a small part of nmt_nfkc, whose whole has 240 kB. Each
variant names its model and class, has the files that lie beside the model, and rows of text and ids.
"""

import contextlib
import io
import json
import tempfile
import unicodedata
from pathlib import Path

import sentencepiece
from transformers import CamembertTokenizer, DebertaV2Tokenizer, XLMRobertaTokenizer

HERE = Path(__file__).parent
CONFIG = "tokenizer_config.json"
ENGLISH = "great movie really boring story the actor was wonderful not recommended delivery fast price cheap quality terrible happy again never buy"

def train(**options):
    words = ENGLISH.split()
    sentences = [line for line in (HERE / "corpus.txt").read_text(encoding="utf-8").split("\n") if line.strip()]
    sentences += [" ".join(words[(i * k) % len(words)] for k in range(1, 7)) for i in range(1, 120)]
    model = io.BytesIO()
    # In the folder of the rules: the model holds their path.
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        Path("rules.tsv").write_text(charsmap(), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences), model_writer=model, vocab_size=280, character_coverage=0.98,
            normalization_rule_tsv="rules.tsv", num_threads=1, minloglevel=2, **options,
        )
    return model.getvalue()

def charsmap():
    rules = {chr(c): "" for c in [*range(1, 9), *range(14, 32), 127, 0x200C, 0xFEFF]}
    rules |= {c: " " for c in "\t\n\r\u00a0\u200b\u2028\u3000"}
    sources = [*map(chr, [*range(0xFF01, 0xFFBF), *range(0xFB00, 0xFB05), *range(0x2460, 0x2469), *range(0x3131, 0x3164), 0xBD])]
    sources += [unicodedata.normalize("NFD", c) for c in "가각좋아요재미한글éèàü"]
    rules |= {c: unicodedata.normalize("NFKC", c) for c in sources}
    point = lambda text: " ".join(f"{ord(c):X}" for c in text)
    return "".join(f"{point(c)}\t{point(to)}\n" for c, to in rules.items() if c != to)

def token(content, **keys):
    plain = {"lstrip": False, "rstrip": False, "normalized": False, "single_word": False, "special": True}
    return {"content": content, **plain, **keys}

def config(**keys):
    return {CONFIG: json.dumps(keys, ensure_ascii=False)}

MODELS = {
    "spm.model": dict(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]"),
    "sentencepiece.bpe.model": dict(user_defined_symbols=["ㅋㅋㅋ", "[URL]"]),
}
DEBERTA, XLM, CAMEMBERT = (DebertaV2Tokenizer, "spm.model"), (XLMRobertaTokenizer, "sentencepiece.bpe.model"), (CamembertTokenizer, "sentencepiece.bpe.model")

VARIANTS = {
    "deberta-v2": (DEBERTA, {}),
    "deberta-v2, lower case": (DEBERTA, config(do_lower_case=True, vocab_type="spm")),
    "deberta-v2, split by punctuation": (DEBERTA, config(split_by_punct=True, do_lower_case=False, tokenizer_class="DebertaV2Tokenizer")),
    "deberta-v2, no space before": (DEBERTA, config(add_prefix_space=False)),
    "deberta-v2, special tokens": (DEBERTA, {**config(additional_special_tokens=["[URL]"]), "special_tokens_map.json": json.dumps({"mask_token": token("[M]", lstrip=True), "cls_token": "[CLS]"}), "added_tokens.json": json.dumps({"[M]": 280})}),
    "deberta-v2, added_tokens_decoder": (DEBERTA, config(added_tokens_decoder={"0": token("[PAD]"), "1": token("[CLS]"), "2": token("[SEP]"), "3": token("[UNK]", normalized=True), "280": token("[MASK]")})),
    "deberta-v2, byte_fallback": (DEBERTA, {"appended": "12039802 01"}),
    "deberta-v2, unknown token elsewhere": (DEBERTA, config(unk_token="<none>")),
    "deberta-v2, tokens with flags": (DEBERTA, config(mask_token={"__type": "AddedToken", **token("[MASK]", lstrip=True, normalized=True)}, bos_token="[CLS]", extra_special_tokens=["[URL]", "#@이름#"])),
    "xlm-roberta": (XLM, {}),
    "xlm-roberta, other names": (XLM, config(bos_token="<b>", cls_token="<c>", eos_token="<e>", unk_token="<u>", additional_special_tokens=[])),
    "xlm-roberta, no space before": (XLM, config(add_prefix_space=False)),
    "xlm-roberta, published": (XLM, {**config(model_max_length=512, tokenizer_class="XLMRobertaTokenizer", mask_token=token("<mask>", lstrip=True)), "special_tokens_map.json": json.dumps({"bos_token": "<s>", "mask_token": token("<mask>", lstrip=True)})}),
    "xlm-roberta, added_tokens_decoder": (XLM, config(added_tokens_decoder={"0": token("<s>"), "9001": token("ABC", special=False, normalized=True)})),
    "xlm-roberta, more special tokens": (XLM, config(additional_special_tokens=["#@이름#"])),
    "camembert": (CAMEMBERT, {}),
}
TEXTS = [
    "이 영화 정말 재미있어요", "배송이 빠르고 좋아요!", "시간이 아까워요 ㅠㅠ", "ㅋㅋㅋ 진짜 웃겨요ㅋㅋㅋㅋ", "great 영화 GREAT movie ABC abc",
    "café naïve e\u0301te\u0301", "漢字와 한글 好", "(주) 회사, 좋아요.", "[MASK] 토큰 [SEP] 넣기 [CLS] [PAD] [UNK] 끝", "<mask> 와 <s> 그리고 </s> <unk> <pad>",
    "[URL] 을 보세요 [NAME] 님 #@이름# 님 [M]", "\u1112\u1161\u11ab\u1100\u1173\u11af", "\u110c\u1169\u11c2\u110b\u1161\u110b\u116d 각\u1100\u1161\u11a8",
    "ｆｕｌｌ　ｗｉｄｔｈ　ｇｒｅａｔ！", "tab\tand\nnewline\r\nthere", "zero\u200bwidth\ufeffmark", "👍🏽 👨‍👩‍👧 emoji great", "1234567890 12.5 % ½ ①②",
    "...!!!???~~~", "가" * 120, "x" * 101, "영화 정말 " * 30, "\x01\x02 control \x7f", "\u00a0nbsp\u3000wide\u2028line", "ß STRASSE ﬁ ligature", "İstanbul ıI",
    "　전각 공백　", "#해시태그 @언급 http://x.kr/?a=1&b=2", "-_- ^^; T_T", "재미있어요재미있어요재미있어요", "  앞뒤  빈칸   여럿  ", " ", "", "\n\n", "\u200b", "\x01",
    "▁밑줄▁ ▁ 좋아요", "끝에 줄바꿈\n", "\n앞에 줄바꿈", "ﾊﾝｶｸ ￦ ﾡﾢ", "영화\u200c정말", "좋아요<mask>정말", "영화 \n 정말\t\t재미", "\U00020000 드문 한자", "\ue000 사용자 \ufffd", "ㅎㅏㄴ글 ㄱㅏ",
    "영화!정말?재미,있어요", "A  B", "great\u3000\u3000movie",
]

def main():
    for name, options in MODELS.items():
        (HERE / "sentencepiece" / name).write_bytes(train(**options))
    variants = []
    for name, ((kind, model), files) in VARIANTS.items():
        with tempfile.TemporaryDirectory() as directory:
            for file, content in files.items():
                (Path(directory) / file).write_text(content, encoding="utf-8")
            # Fields that come later count.
            bytes_ = (HERE / "sentencepiece" / model).read_bytes() + bytes.fromhex(files.get("appended", ""))
            (Path(directory) / model).write_bytes(bytes_)
            tokenizer = kind.from_pretrained(directory)
            ids = [tokenizer(text)["input_ids"] for text in TEXTS]
            pair = tokenizer("영화 정말", "재미있어요")["input_ids"]
        variants.append({"name": name, "type": name.split(",")[0], "model": model, "files": files, "pair": pair, "ids": ids})
    lines = [json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in [TEXTS, *variants]]
    out = '{"texts":' + lines[0] + ',"variants":[\n' + ",\n".join(lines[1:]) + "\n]}\n"
    (HERE / "sentencepiece.json").write_text(out, encoding="utf-8")
    print(sum(len(v["ids"]) for v in variants), "encodings,", len(out.encode()), "bytes")

main()
