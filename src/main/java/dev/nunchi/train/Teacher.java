package dev.nunchi.train;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.data.Example;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A model that a run learns from: it reads texts as they stand in their file, by a normaliser and
/// a tokenizer of its own, and knows nothing of the student.
public interface Teacher {
  /// What a teacher is, known before any of its weights is read.
  ///
  /// @param place its directory
  /// @param revision of the model, `sha256:` and 64 hexadecimal digits
  /// @param license where it is known
  /// @param digest of all that its logits depend on, 64 hexadecimal digits
  /// @param temperature that its own answers divide the logits by
  /// @param readsContext whether it has a place for what a text is about
  /// @param maxLength longest text in tokens; of a longer one it reads head and tail
  record Description(
      Path place,
      String name,
      String revision,
      Optional<String> license,
      String digest,
      LabelSet labels,
      ProblemType problemType,
      double temperature,
      boolean readsContext,
      int maxLength) {}

  Description description();

  /// Loads the model.
  Scorer open();

  /// A teacher in memory. Safe for several threads.
  interface Scorer extends AutoCloseable {
    /// The logits of some texts, run in one batch.
    ///
    /// @throws dev.nunchi.NunchiException naming the text that the teacher does not take, or where
    ///   it gives something else than numbers
    Scored score(List<Example> texts);

    @Override
    void close();
  }

  /// What a teacher answers to some texts.
  ///
  /// @param logits `[texts, labels]`, as its network gives them
  /// @param truncated how many of the texts it read in part
  record Scored(float[][] logits, int truncated) {}
}
