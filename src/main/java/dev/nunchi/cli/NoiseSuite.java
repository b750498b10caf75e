package dev.nunchi.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.data.Example;
import dev.nunchi.data.Noise;
import dev.nunchi.eval.Robustness;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;

/// Classifies the same texts under one kind of noise after the other.
///
/// @param classification the labels that texts get, in their order; the kind's name is for errors
/// @param begins told the name of each kind before its texts are classified
record NoiseSuite(Classification classification, Consumer<String> begins) {
  /// Of every run, so that two models are asked the same.
  private static final long SEED = 42;

  /// What the suite asks of a model.
  @FunctionalInterface
  interface Classification {
    List<List<String>> predicted(List<Example> texts, String kind);
  }

  /// @param plain the labels that the texts got as they are
  Robustness run(List<Noise> kinds, List<Example> examples, List<List<String>> plain) {
    if (kinds.isEmpty()) {
      return Robustness.NONE;
    }
    List<Set<String>> actual = sets(examples.stream().map(Example::labels).toList());
    List<Set<String>> without = sets(plain);
    List<Robustness.Kind> figures = new ArrayList<>();
    for (Noise noise : kinds) {
      begins.accept(noise.key());
      List<Example> noised =
          examples.stream()
              .map(example -> example.withText(noise.apply(example.text(), SEED)))
              .toList();
      List<Set<String>> with = sets(classification.predicted(noised, noise.key()));
      figures.add(
          new Robustness.Kind(
              noise.key(),
              changed(examples, noised),
              Robustness.agreement(actual, with),
              1 - Robustness.agreement(without, with)));
    }
    return new Robustness(Robustness.agreement(actual, without), figures);
  }

  /// The figures for people; nothing where there are none.
  static String table(Robustness robustness) {
    if (robustness.isEmpty()) {
      return "";
    }
    StringBuilder table = new StringBuilder();
    table.append(
        String.format(
            Locale.ROOT,
            "%n%18s %10s %10s %10s %10s%n%n",
            "noise",
            "changed %",
            "accuracy",
            "drop, pts",
            "flips %"));
    robustness.kinds().forEach(kind -> row(table, robustness, kind));
    table.append(System.lineSeparator());
    row(table, robustness, robustness.mean());
    return table.toString();
  }

  /// The figures for programs, each a share in [0, 1].
  static void write(Robustness robustness, ObjectNode json) {
    json.put("seed", SEED).put("accuracy", robustness.accuracy());
    ArrayNode kinds = json.putArray("kinds");
    for (Robustness.Kind kind : robustness.kinds()) {
      write(robustness, kind, kinds.addObject().put("kind", kind.name()));
    }
    write(robustness, robustness.mean(), json.putObject("mean"));
  }

  private static void write(Robustness robustness, Robustness.Kind kind, ObjectNode json) {
    json.put("changed", kind.changed())
        .put("accuracy", kind.accuracy())
        .put("accuracy_drop", robustness.drop(kind))
        .put("flips", kind.flips());
  }

  private static void row(StringBuilder table, Robustness robustness, Robustness.Kind kind) {
    table.append(
        String.format(
            Locale.ROOT,
            "%18s %10.1f %10.4f %10.2f %10.2f%n",
            kind.name(),
            100 * kind.changed(),
            kind.accuracy(),
            100 * robustness.drop(kind),
            100 * kind.flips()));
  }

  private static double changed(List<Example> examples, List<Example> noised) {
    int changed = 0;
    for (int i = 0; i < examples.size(); i++) {
      changed += examples.get(i).text().equals(noised.get(i).text()) ? 0 : 1;
    }
    return (double) changed / examples.size();
  }

  private static List<Set<String>> sets(List<List<String>> labels) {
    return labels.stream().map(Set::copyOf).toList();
  }
}
