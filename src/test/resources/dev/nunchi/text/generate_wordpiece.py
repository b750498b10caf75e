"""Writes wordpiece/vocab.txt: a small BERT vocabulary, the special tokens in the order of KoELECTRA."""

from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    corpus = (HERE / "corpus.txt").read_text(encoding="utf-8")
    words = sorted({word for word in corpus.split() if word.isalpha() and len(word) < 4})
    characters = sorted({c for c in corpus if not c.isspace()})
    letters = [c for c in "abcdefghijklmnopqrstuvwxyzß" if c not in characters]
    jamo = [chr(c) for c in [*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A8, 0x11C3)]]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens += characters + letters + ["漢", "字", "好"] + [word for word in words if len(word) > 1]
    tokens += ["##" + c for c in characters + letters + jamo]
    tokens += jamo
    (HERE / "wordpiece/vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
