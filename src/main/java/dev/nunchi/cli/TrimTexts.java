package dev.nunchi.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Texts of some files, of which the last of each choose no pieces.
record TrimTexts(List<String> choosing, List<String> heldOut) {
  /// @param share of each file that is held out, in [0, 1)
  static TrimTexts of(List<Path> files, Function<Path, List<String>> reading, double share) {
    List<String> choosing = new ArrayList<>();
    List<String> heldOut = new ArrayList<>();
    for (Path file : files) {
      List<String> texts = reading.apply(file);
      int kept = texts.size() - (int) Math.floor(share * texts.size());
      choosing.addAll(texts.subList(0, kept));
      heldOut.addAll(texts.subList(kept, texts.size()));
    }
    return new TrimTexts(choosing, heldOut);
  }
}
