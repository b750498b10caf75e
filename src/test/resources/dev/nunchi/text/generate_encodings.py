"""Writes encodings.jsonl: 1,000 texts with the ids and UTF-16 spans that Hugging Face tokenizers
(0.23.2) gives them with the vocabulary in tokenizer/, which VocabularyTrainer wrote.

Also writes pairs.jsonl (text and context) and wordpiece.jsonl (vocab.txt through transformers'
BertTokenizerFast), and decoders.jsonl (the tokenizers of the tiny decoders).
"""

import json
import random
import tempfile
from pathlib import Path

from tokenizers import Tokenizer

HERE = Path(__file__).parent

EMOJI = ["😂", "😂😂😂😂", "👍🏽", "👨‍👩‍👧", "🏳️‍🌈", "❤️", "❤", "🇰🇷", "1️⃣", "🧔‍♂️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☺", "🥹"]
LATIN = ["CGV", "OST", "good", "naïve", "Straße", "e\u0301te\u0301", "A.I.", "don't", "x2", "ⅷ", "ﬁne"]
JAPANESE = ["おもしろい", "映画", "カタカナ", "ｶﾞｷﾞｸﾞ", "が\u3099", "素晴らしい！"]
CHINESE = ["电影很好看", "漢字", "你好，世界", "𠮷野家", "㐀"]
JAMO = ["ㅋㅋㅋㅋㅋ", "ㅠㅠ", "ㅇㅈ", "ㄱㅅ", "ᄏᄏ", "ᅲᅲ", "하\u11ab", "ᄒ\u1161\u11ab글", "ﾡﾢ", "\u119e", "ㅏㅑㅓ", "뷁", "똠뛝"]
FULL_WIDTH = ["ＡＢＣ", "１２３", "！！", "（웃음）", "～", "￣", "㈜", "㎏", "①"]
DIGITS = ["1", "10점", "2024", "3.14", "1,000,000원", "٣", "½", "10000"]
CONTROL = ["\u0000", "\u0007", "\u200b", "\u200d", "\ufeff", "\u00ad", "\t", "\n", "\r\n", "\u3000", "\u00a0", "\u2028", "\u2800", "\u007f"]
PUNCTUATION = ["!", "!!!!", "?!", "...", "…", "^^", "-_-", "(>_<)", "´▽`", "¨", "▁", "▁▁", "[SEP]", "[UNK]", "<0x41>", "~♥", "#태그", "@이름", "\"", "\\"]
OTHER = ["Привет", "مرحبا", "नमस्ते", "ไทย", "\ufffd", "\ue000", "\U00016d67", "a\u0308\u0323"]


def utf16(text: str, code_points: int) -> int:
    return len(text[:code_points].encode("utf-16-le")) // 2


def encoded(tokenizer: Tokenizer, *texts: str) -> dict:
    encoding = tokenizer.encode(*texts)
    spans = []
    for (start, end), sequence in zip(encoding.offsets, encoding.sequence_ids, strict=True):
        text = "" if sequence is None else texts[sequence]
        spans.append([utf16(text, start), utf16(text, end)])
    return {"ids": encoding.ids, "types": encoding.type_ids, "spans": spans}


def write(name: str, rows: list[dict]) -> None:
    lines = [json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in rows]
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def texts(count: int) -> list[str]:
    choose = random.Random(11)
    words = (HERE / "corpus.txt").read_text(encoding="utf-8").split()
    groups = [EMOJI, LATIN, JAPANESE, CHINESE, JAMO, FULL_WIDTH, DIGITS, CONTROL, PUNCTUATION, OTHER]
    result = [piece for group in groups for piece in group]
    while len(result) < count:
        pieces = []
        for _ in range(choose.randint(1, 14)):
            pieces.append(choose.choice(words if choose.random() < 0.5 else choose.choice(groups)))
            pieces.append(choose.choice([" ", " ", "", "", "  "]))
        result.append("".join(pieces))
    return result


def wordpiece(rows: list[str]) -> list[dict]:
    from transformers import BertTokenizerFast

    result = []
    for lowercase in (False, True):
        with tempfile.TemporaryDirectory() as directory:
            (Path(directory) / "vocab.txt").write_bytes((HERE / "wordpiece/vocab.txt").read_bytes())
            tokenizer = BertTokenizerFast.from_pretrained(directory, do_lower_case=lowercase)
            for text in rows:
                result.append({"lowercase": lowercase, "text": text, **encoded(tokenizer._tokenizer, text)})
    return result


def of_decoders(rows: list[str]) -> list[dict]:
    result = []
    for name in ("llama-tiny", "qwen2-tiny", "mistral-tiny", "gemma2-tiny"):
        tokenizer = Tokenizer.from_file(str(HERE.parent / "nn" / name / "tokenizer.json"))
        result += [{"tokenizer": name, "text": text, **encoded(tokenizer, text)} for text in rows]
    return result


def main() -> None:
    tokenizer = Tokenizer.from_file(str(HERE / "tokenizer/tokenizer.json"))
    rows = texts(1000)
    write("encodings.jsonl", [{"text": text, **encoded(tokenizer, text)} for text in rows])
    pairs = list(zip(rows[-40:-20], rows[-20:], strict=True))
    write("pairs.jsonl", [{"text": a, "context": b, **encoded(tokenizer, a, b)} for a, b in pairs])
    write("wordpiece.jsonl", wordpiece(rows[:150]))
    write("decoders.jsonl", of_decoders([text for text in rows[:150:4] if text.strip()]))


if __name__ == "__main__":
    main()
