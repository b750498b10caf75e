import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.LabelSet;
import dev.nunchi.eval.ConfusionMatrix;
import dev.nunchi.eval.CoverageCurve;
import dev.nunchi.eval.DifferenceInterval;
import dev.nunchi.eval.PairedOutcomes;
import dev.nunchi.eval.WilsonInterval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/// What models say of the sentences of `outside-films.tsv`, as tables in Markdown.
///
/// Arguments: the file of the sentences, then for each model its name, `=` and what `nunchi
/// classify --format jsonl` gave for them.
public final class OutsideFilms {
  private static final String NEGATIVE = "부정";
  private static final String NEUTRAL = "중립";
  private static final String POSITIVE = "긍정";
  private static final double[] COVERAGES = {0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1};

  private final List<Sentence> sentences;
  private final List<Model> models;

  private OutsideFilms(List<Sentence> sentences, List<Model> models) {
    this.sentences = sentences;
    this.models = models;
  }

  private record Sentence(String text, String label, String domain, String phenomenon) {
    boolean hasFeeling() {
      return !label.equals(NEUTRAL);
    }
  }

  /// @param polarity in [-1, 1]; its sign says 부정 or 긍정, its size how surely
  private record Answer(String label, double polarity, boolean hasNeutral) {
    boolean isRightOf(Sentence sentence) {
      return sentence.label.equals(polarity > 0 ? POSITIVE : NEGATIVE);
    }
  }

  /// @param answers in the order of the sentences
  private record Model(String name, List<Answer> answers) {}

  public static void main(String[] arguments) throws IOException {
    List<Sentence> sentences = new ArrayList<>();
    List<String> lines = Files.readAllLines(Path.of(arguments[0]));
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split("\t", -1);
      sentences.add(new Sentence(fields[1], fields[2], fields[3], fields[4]));
    }
    List<Model> models = new ArrayList<>();
    for (int i = 1; i < arguments.length; i++) {
      int equals = arguments[i].lastIndexOf('=');
      models.add(
          new Model(
              arguments[i].substring(0, equals),
              answers(Path.of(arguments[i].substring(equals + 1)), sentences)));
    }
    new OutsideFilms(sentences, models).print();
  }

  private static List<Answer> answers(Path file, List<Sentence> sentences) throws IOException {
    List<String> lines = Files.readAllLines(file);
    if (lines.size() != sentences.size()) {
      throw new IllegalArgumentException(
          "%d answers to %d sentences".formatted(lines.size(), sentences.size()));
    }
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      JsonNode json = new ObjectMapper().readTree(lines.get(i));
      if (!json.path("polarity").isNumber()) {
        throw new IllegalArgumentException(
            "'%s' has no polarity; a recipe's labels: {부정: -1, 긍정: 1} gives a model some"
                .formatted(sentences.get(i).text));
      }
      answers.add(
          new Answer(
              json.path("label").asText(),
              json.path("polarity").doubleValue(),
              json.path("scores").has(NEUTRAL)));
    }
    return answers;
  }

  private void print() {
    System.out.printf(
        Locale.ROOT,
        "%n부정 or 긍정, %d sentences: accuracy, 95 %% interval%n%n",
        sentences.stream().filter(Sentence::hasFeeling).count());
    header("", Model::name);
    row("all", Sentence::hasFeeling);
    groups(Sentence::domain);
    groups(Sentence::phenomenon);
    System.out.printf("%nonly the surest answers: accuracy (least |polarity|)%n%n");
    header("answered", Model::name);
    coverage();
    threeClasses();
    if (models.size() > 1) {
      compare(models.get(0), models.get(1));
    }
  }

  private void header(String first, Function<Model, String> name) {
    System.out.print("| " + first + " | n |");
    models.forEach(model -> System.out.print(" " + name.apply(model) + " |"));
    System.out.print("\n| --- | --- |" + " --- |".repeat(models.size()) + "\n");
  }

  private void groups(Function<Sentence, String> key) {
    sentences.stream()
        .filter(Sentence::hasFeeling)
        .map(key)
        .distinct()
        .sorted()
        .forEach(group ->
            row(group, sentence -> sentence.hasFeeling() && key.apply(sentence).equals(group)));
  }

  private void row(String name, Predicate<Sentence> which) {
    int[] rows = rows(which);
    System.out.print("| %s | %d |".formatted(name, rows.length));
    for (Model model : models) {
      int right = 0;
      for (boolean each : right(model, rows)) {
        right += each ? 1 : 0;
      }
      WilsonInterval interval = WilsonInterval.of(right, rows.length);
      System.out.printf(
          Locale.ROOT,
          " %.3f (%.2f to %.2f) |",
          (double) right / rows.length,
          interval.low(),
          interval.high());
    }
    System.out.println();
  }

  private void coverage() {
    int[] rows = rows(Sentence::hasFeeling);
    List<CoverageCurve> curves =
        models.stream()
            .map(model ->
                CoverageCurve.of(
                    IntStream.of(rows)
                        .mapToDouble(row -> Math.abs(model.answers.get(row).polarity))
                        .toArray(),
                    right(model, rows)))
            .toList();
    for (double coverage : COVERAGES) {
      System.out.printf(
          Locale.ROOT, "| %.0f %% | %.0f |", 100 * coverage, Math.ceil(coverage * rows.length));
      for (CoverageCurve curve : curves) {
        CoverageCurve.Point point = curve.at(coverage);
        System.out.printf(Locale.ROOT, " %.3f (%.2f) |", point.accuracy(), point.threshold());
      }
      System.out.println();
    }
  }

  private void threeClasses() {
    LabelSet labels = LabelSet.of(NEGATIVE, NEUTRAL, POSITIVE);
    for (Model model : models) {
      if (!model.answers.getFirst().hasNeutral) {
        continue;
      }
      ConfusionMatrix matrix = new ConfusionMatrix(labels);
      for (int row = 0; row < sentences.size(); row++) {
        matrix.add(
            labels.indexOf(sentences.get(row).label).orElseThrow(),
            labels.indexOf(model.answers.get(row).label).orElseThrow());
      }
      WilsonInterval interval = WilsonInterval.of(matrix.correct(), matrix.total());
      System.out.printf(
          Locale.ROOT,
          "%n%s, three classes: accuracy %.3f (%.2f to %.2f), macro F1 %.3f; of 부정, 중립, 긍정 it finds"
              + " %.2f, %.2f, %.2f%n",
          model.name,
          matrix.accuracy(),
          interval.low(),
          interval.high(),
          matrix.macro().f1(),
          matrix.scores(0).recall(),
          matrix.scores(1).recall(),
          matrix.scores(2).recall());
    }
  }

  private void compare(Model first, Model second) {
    int[] rows = rows(Sentence::hasFeeling);
    PairedOutcomes outcomes = PairedOutcomes.of(right(first, rows), right(second, rows));
    DifferenceInterval interval = outcomes.interval();
    System.out.printf(
        Locale.ROOT,
        "%n%s beside %s: %+.1f points (95 %% interval %+.1f to %+.1f); right alone %d and %d"
            + " sentences, McNemar's exact p = %.2g%n",
        first.name,
        second.name,
        100 * outcomes.difference(),
        100 * interval.low(),
        100 * interval.high(),
        outcomes.firstAlone(),
        outcomes.secondAlone(),
        outcomes.mcNemar());
  }

  private int[] rows(Predicate<Sentence> which) {
    return IntStream.range(0, sentences.size())
        .filter(row -> which.test(sentences.get(row)))
        .toArray();
  }

  private boolean[] right(Model model, int[] rows) {
    boolean[] right = new boolean[rows.length];
    for (int i = 0; i < rows.length; i++) {
      right[i] = model.answers.get(rows[i]).isRightOf(sentences.get(rows[i]));
    }
    return right;
  }
}
