package dev.nunchi.train;

import dev.nunchi.data.Example;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What a teacher has to say about the texts of one run: whose scores are kept, and which it has
/// yet to compute.
final class Lesson {
  private final Teaching teaching;
  private final Path directory;
  private final List<Example> texts;
  private final KeptScores kept;
  private final Scoring scoring;
  private final TrainingListener listener;

  private Lesson(
      Teaching teaching,
      RunModels.KeptTeacher teacher,
      List<Example> texts,
      TrainingListener listener) {
    this.teaching = teaching;
    this.directory = teacher.directory();
    this.texts = texts;
    this.listener = listener;
    this.kept = KeptScores.in(directory, teaching.teacher(), listener::warned);
    this.scoring = new Scoring(teacher.teacher(), kept, texts, listener);
  }

  /// Says what will be taught, and reads what is kept; writes nothing.
  ///
  /// @param texts with the labels in the order of the student
  /// @return null where there is no teacher
  /// @throws dev.nunchi.NunchiException where the teacher has other labels
  static @Nullable Lesson of(
      RunModels.@Nullable KeptTeacher teacher,
      Recipe recipe,
      TrainingTexts texts,
      TrainingListener listener) {
    if (teacher == null) {
      return null;
    }
    Teacher.Description description = teacher.teacher().description();
    Teaching teaching = Teaching.of(description, recipe, texts);
    if (description.readsContext() && recipe.data().inputTemplate() == null) {
      listener.warned(
          "The teacher %s reads a context beside each text, and gets none; input_template and context_column of the recipe give it one"
              .formatted(description.place()));
    }
    Lesson lesson = new Lesson(teaching, teacher, texts.learnt(), listener);
    listener.taught(teaching, lesson.scoring.missing());
    return lesson;
  }

  Teaching teaching() {
    return teaching;
  }

  /// Has the teacher score what it has not scored yet, and gives the texts of the run what it says
  /// of them.
  ///
  /// @param corpus of the same texts
  /// @return the corpus as it was, where `stop` was requested before the end
  /// @throws dev.nunchi.NunchiException as [Scoring#run]
  Corpus teach(Corpus corpus, StopSignal stop) {
    int missing = scoring.missing();
    if (missing > 0) {
      if (!stop.beginSteps()) {
        return corpus;
      }
      listener.preparing(String.format(Locale.ROOT, "Scoring %,d texts with the teacher", missing));
      int scored = scoring.run(directory, stop);
      stop.endSteps();
      listener.warned(
          String.format(
              Locale.ROOT,
              scored < missing
                  ? "The teacher has scored %,d of %,d texts; they are kept in %s, and the same"
                      + " command goes on from there"
                  : "The teacher has scored %,d of %,d texts; they are kept in %s for later runs",
              scored,
              missing,
              kept.file()));
      if (scored < missing) {
        return corpus;
      }
    }
    float[][] logits = new float[texts.size()][];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = kept.get(kept.key(texts.get(i))).orElseThrow();
    }
    kept.forget();
    return corpus.taught(teaching.wanted(logits));
  }
}
