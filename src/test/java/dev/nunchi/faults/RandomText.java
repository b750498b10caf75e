package dev.nunchi.faults;

import java.util.List;
import java.util.Random;

/// Texts as no keyboard makes them: characters of every kind, alone, piled up and torn apart.
public final class RandomText {
  /// Pieces that meet badly, or that programs treat specially.
  private static final List<String> DELICATE =
      List.of(
          "\u0000",
          "\u0007",
          "\u001b[31m",
          "\u0085",
          "\u001c",
          "\r\n",
          "\t",
          " ",
          "\u3000",
          "\u00a0",
          "\u2028",
          "\u2029",
          "\u200b",
          "\u200d",
          "\u200c",
          "\ufeff",
          "\u2060",
          "\u034f",
          "\u202e",
          "\u2066",
          "\u2069",
          "\u061c",
          "\u200f",
          "\ufffd",
          "\ufffc",
          "\uffff",
          "\ufdd0",
          "\ufe0f",
          "\ufe0e",
          "\u20e3",
          "\udb40\udc67",
          "\udb40\udc7f",
          "\ud83c\udffb",
          "🏴",
          "👩‍👩‍👧",
          "🇰",
          "🇷🇰",
          "❤️",
          "1️⃣",
          "😂",
          "\ud83d",
          "\ude02",
          "\ud83d\ud83d",
          "\udbff\udfff",
          "\udb80\udc00",
          "\ue000",
          "\u0301",
          "\u0308",
          "\u0323",
          "\u3099",
          "e\u0301",
          "ﾞ",
          "İ",
          "ı",
          "ß",
          "ẞ",
          "ς",
          "Σ",
          "ﬀ",
          "ﷺ",
          "Ǆ",
          "Å",
          "㎏",
          "㈎",
          "１",
          "Ａ",
          "！",
          "…",
          "ㅋ",
          "ㅠ",
          "ㅏ",
          "ㄱ",
          "ㄺ",
          "ㅈㅓㅇㅁㅏㄹ",
          "가",
          "힣",
          "정말",
          "좋다",
          "한글",
          "ᄒ",
          "ᅡ",
          "ᆫ",
          "ᆪ",
          "ᆞ",
          "\u115f",
          "\u1160",
          "\u3164",
          "\uffa0",
          "\uffbb",
          "\uffc2",
          "ᄼ",
          "ힰ",
          "ퟋ",
          "ꥠ",
          "漢",
          "カ",
          "ｶ",
          "שלום",
          "مرحبا",
          "हिन्दी",
          "ไทย",
          "[CLS]",
          "[SEP]",
          "[UNK]",
          "[PAD]",
          "[MASK]",
          "<s>",
          "</s>",
          "<unk>",
          "<pad>",
          "<0x41>",
          "<|endoftext|>",
          "<bos>",
          "▁",
          "##",
          "Ġ",
          "Ċ",
          "\\u0000",
          "%s",
          "${x}",
          "<script>",
          "'\"",
          "\\",
          "{}",
          "a",
          "Z",
          "0",
          "9.5",
          "!",
          "?",
          ".");

  private RandomText() {}

  /// One of at most `most` UTF-16 units, mostly short.
  public static String of(Random random, int most) {
    StringBuilder text = new StringBuilder();
    int length =
        switch (random.nextInt(40)) {
          case 0 -> random.nextInt(most);
          case 1, 2, 3 -> random.nextInt(Math.min(most, 400));
          default -> random.nextInt(Math.min(most, 24));
        };
    while (text.length() < length) {
      append(text, random);
    }
    text.setLength(Math.min(text.length(), most));
    return text.toString();
  }

  private static void append(StringBuilder text, Random random) {
    switch (random.nextInt(12)) {
      case 0, 1, 2, 3, 4 -> text.append(Fault.of(DELICATE, random));
      case 5 -> text.append(Fault.of(DELICATE, random).repeat(1 + random.nextInt(40)));
      // Any unit, so that halves of pairs stand alone.
      case 6 -> text.append((char) random.nextInt(0x10000));
      case 7 -> text.appendCodePoint(random.nextInt(0x110000));
      case 8 -> text.append((char) (0xac00 + random.nextInt(11_172)));
      case 9 -> text.append((char) (0x1100 + random.nextInt(0x100)));
      case 10 -> text.append((char) (0x3130 + random.nextInt(0x60)));
      default -> {
        // A pile of marks.
        text.append('가');
        for (int i = random.nextInt(30); i > 0; i--) {
          text.append((char) (0x300 + random.nextInt(0x70)));
        }
      }
    }
  }
}
