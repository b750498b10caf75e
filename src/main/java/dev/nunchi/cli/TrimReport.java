package dev.nunchi.cli;

import dev.nunchi.model.VocabularyTrim;
import java.util.Locale;

/// What a cut of a vocabulary changed.
///
/// @param chosen the texts that chose the pieces
/// @param heldOut other texts, which may be none
record TrimReport(
    int piecesBefore,
    int piecesAfter,
    VocabularyTrim.Size before,
    VocabularyTrim.Size after,
    TextPieces.Change chosen,
    TextPieces.Change heldOut) {
  private static final double MEGABYTE = 1e6;

  TrimReport with(VocabularyTrim.Size written) {
    return new TrimReport(piecesBefore, piecesAfter, before, written, chosen, heldOut);
  }

  /// For people.
  String table() {
    StringBuilder table = new StringBuilder();
    row(table, "", "before", "after", "");
    row(table, "pieces", count(piecesBefore), count(piecesAfter), "");
    row(table, "parameters", count(before.parameters()), count(after.parameters()), "");
    row(table, "weights, MB", megabytes(before), megabytes(after), "");
    tokens(table, "tokens a text, of those that chose", chosen);
    tokens(table, "of those held out", heldOut);
    return table.toString();
  }

  private static void tokens(StringBuilder table, String name, TextPieces.Change change) {
    if (change.texts() > 0) {
      row(
          table,
          name,
          perText(change.tokensBefore(), change),
          perText(change.tokensAfter(), change),
          same(change));
    }
  }

  /// For example `99.10 % of 7,250 have the same pieces`.
  static String same(TextPieces.Change change) {
    return String.format(
        Locale.ROOT,
        "%.2f %% of %,d have the same pieces, %,d others",
        100 * change.sameShare(),
        change.texts(),
        change.texts() - change.same());
  }

  private static String perText(long tokens, TextPieces.Change change) {
    return String.format(Locale.ROOT, "%.2f", (double) tokens / change.texts());
  }

  private static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String megabytes(VocabularyTrim.Size size) {
    return String.format(Locale.ROOT, "%,.1f", size.bytes() / MEGABYTE);
  }

  private static void row(StringBuilder table, String name, String a, String b, String note) {
    table
        .append(String.format(Locale.ROOT, "%-35s %15s %15s  %s", name, a, b, note).stripTrailing())
        .append(System.lineSeparator());
  }
}
