package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.KeptIds;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// Which pieces texts use, in every form in which a model may be given them.
///
/// @param encoder without normalisation
/// @param ids how many the network has rows for
/// @param forms the normalisers that a text may go through, at least one; what is counted of tokens
///   is of the first
record TextPieces(
    TextEncoder encoder, int ids, List<Normalizer> forms, ClassificationProgress progress) {
  private static final int AT_A_TIME = 4096;

  /// What became of some texts whose vocabulary was cut.
  ///
  /// @param texts how many there are
  /// @param same of which every form is encoded as before
  /// @param tokensBefore of all texts, special ones included
  /// @param tokensAfter the same with what is left
  record Change(long texts, long same, long tokensBefore, long tokensAfter) {
    private static final Change NONE = new Change(0, 0, 0, 0);

    Change plus(Change other) {
      return new Change(
          texts + other.texts,
          same + other.same,
          tokensBefore + other.tokensBefore,
          tokensAfter + other.tokensAfter);
    }

    double sameShare() {
      return (double) same / texts;
    }
  }

  /// The ids that the texts have at least so many times.
  BitSet used(List<String> texts, int least) {
    int[] counts = new int[ids];
    try {
      for (List<String> block : blocks(texts)) {
        block.parallelStream()
            .flatMap(text -> encodings(encoder, text).stream())
            .toList()
            .forEach(ids -> IntStream.of(ids).forEach(id -> counts[id]++));
        progress.advanced(block.size());
      }
    } finally {
      progress.ended();
    }
    BitSet used = new BitSet();
    IntStream.range(0, counts.length).filter(id -> counts[id] >= least).forEach(used::set);
    return used;
  }

  /// Holds the encodings of the texts against those with a cut vocabulary.
  ///
  /// @param cut without normalisation
  Change change(List<String> texts, TextEncoder cut, KeptIds kept) {
    Change all = Change.NONE;
    try {
      for (List<String> block : blocks(texts)) {
        all =
            all.plus(
                block.parallelStream()
                    .map(text -> change(encodings(encoder, text), encodings(cut, text), kept))
                    .reduce(Change.NONE, Change::plus));
        progress.advanced(block.size());
      }
    } finally {
      progress.ended();
    }
    return all;
  }

  private static Change change(List<int[]> before, List<int[]> after, KeptIds kept) {
    boolean same = true;
    for (int form = 0; form < before.size(); form++) {
      int[] old = IntStream.of(after.get(form)).map(kept::oldId).toArray();
      same &= Arrays.equals(before.get(form), old);
    }
    return new Change(1, same ? 1 : 0, before.getFirst().length, after.getFirst().length);
  }

  /// Of the forms of a text, equal ones once. A text of which nothing is left has no ids.
  private List<int[]> encodings(TextEncoder by, String text) {
    Set<String> different = new LinkedHashSet<>();
    forms.forEach(form -> different.add(form.apply(text)));
    List<int[]> encodings = new ArrayList<>();
    for (String form : different) {
      encodings.add(ids(by, form));
    }
    return encodings;
  }

  private static int[] ids(TextEncoder by, String text) {
    try {
      Encoding encoding = by.encode(text, Truncation.REJECT);
      return encoding.inputIds();
    } catch (NunchiException e) {
      if (e.reason() == Reason.EMPTY_TEXT) {
        return new int[0];
      }
      throw e;
    }
  }

  private static List<List<String>> blocks(List<String> texts) {
    List<List<String>> blocks = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += AT_A_TIME) {
      blocks.add(texts.subList(from, Math.min(from + AT_A_TIME, texts.size())));
    }
    return blocks;
  }
}
