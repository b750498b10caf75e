package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.faults.Fault;
import dev.nunchi.faults.Fuzz;
import dev.nunchi.faults.RandomText;
import dev.nunchi.text.Truncation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Texts of every kind, classified by the built-in models: a text has the same answer alone as
/// among others, or the same refusal.
class ClassifyFuzzTest {
  private static final Fuzz TEXTS = new Fuzz("texts", 3_000);

  /// A case is a batch, and the network is run for it.
  private static final int TEXTS_FOR_A_CASE = 50;

  private static final Set<Reason> OF_THE_TEXT =
      Set.of(Reason.EMPTY_TEXT, Reason.TOO_MANY_TOKENS, Reason.INVALID_UTF8);

  private static final List<LoadedModel> MODELS = new ArrayList<>();

  private record Drawn(int model, List<String> texts, Truncation truncation, boolean evidence) {
    static Drawn of(Random random) {
      return new Drawn(
          // Mostly the n-grams, which take a hundredth of a transformer's time.
          random.nextInt(8) == 0 ? 1 : 0,
          IntStream.range(0, 1 + random.nextInt(12))
              .mapToObj(_ -> RandomText.of(random, 1_500))
              .toList(),
          Fault.of(List.of(Truncation.values()), random),
          random.nextInt(16) == 0);
    }

    @Override
    public String toString() {
      return "model %d, %s, evidence %s: %s"
          .formatted(model, truncation, evidence, texts.stream().map(Fuzz::escaped).toList());
    }
  }

  @BeforeAll
  static void load() {
    LoadOptions options =
        new LoadOptions(
            InferenceOptions.Device.CPU, new Workers(OptionalInt.of(1), 1024), OptionalInt.empty());
    for (String name : List.of("nsmc-small", "nsmc-combined")) {
      Path directory =
          BuiltInModel.directories(Optional.empty()).stream()
              .filter(each -> each.endsWith(name))
              .findFirst()
              .orElseThrow();
      MODELS.add(ModelLoader.load(directory, options));
    }
  }

  @AfterAll
  static void close() {
    MODELS.forEach(LoadedModel::close);
  }

  @Test
  void classify_textsOfAnyKind_areAnsweredAloneAsTogether() throws InterruptedException {
    TEXTS.run(
        getClass(),
        Math.max(1, TEXTS.count() / TEXTS_FOR_A_CASE),
        Drawn::of,
        drawn -> {
          Classifier classifier = MODELS.get(drawn.model()).classifier();
          List<String> alone =
              drawn.texts().stream().map(text -> outcome(asked(classifier, drawn, text))).toList();
          List<CompletableFuture<Prediction>> asked =
              drawn.texts().stream().map(text -> asked(classifier, drawn, text)).toList();
          assertEquals(alone, asked.stream().map(ClassifyFuzzTest::outcome).toList());
          assertEquals(0, classifier.waitingCount());
        });
  }

  private static CompletableFuture<Prediction> asked(
      Classifier classifier, Drawn drawn, String text) {
    try {
      Question question = classifier.question(text, null, drawn.truncation(), drawn.evidence());
      return classifier.classify(List.of(question), Terms.until(Deadline.NONE)).getFirst();
    } catch (NunchiException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  /// What does not hang on the time that it took.
  private static String outcome(CompletableFuture<Prediction> asked) {
    try {
      Prediction prediction = asked.join();
      double sum = prediction.scores().toList().stream().mapToDouble(score -> score).sum();
      assertEquals(1, sum, 1e-6);
      assertTrue(prediction.confidence() >= 0 && prediction.confidence() <= 1);
      return "%s %s %d %s %s"
          .formatted(
              prediction.best().name(),
              prediction.logits(),
              prediction.tokenCount(),
              prediction.truncated(),
              prediction.evidence());
    } catch (CompletionException e) {
      NunchiException refused = assertInstanceOf(NunchiException.class, e.getCause());
      assertTrue(OF_THE_TEXT.contains(refused.reason()), refused.toString());
      return refused.getMessage();
    }
  }
}
