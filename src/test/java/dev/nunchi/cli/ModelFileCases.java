package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.faults.Fault;
import dev.nunchi.faults.Fuzz;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.ModelLoader;
import dev.nunchi.infer.Prediction;
import dev.nunchi.infer.SharedBases;
import dev.nunchi.infer.Workers;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.ShownText;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/// Opens model directories with something wrong in their files; a process of its own, as ONNX
/// Runtime may end it, with little memory, as a length that lies may ask for much.
final class ModelFileCases {
  /// Where it says at which seed it is, and what went wrong.
  static final String NOW = "now";

  static final String WRONG = "wrong";

  private static final List<String> TEXTS = List.of("영화 정말 재미있어요", "시간이 아까워요");
  private static final List<String> EXPORTS = List.of("model", "grams-model", "optimum");
  private static final List<String> CHECKPOINTS = List.of("bert", "electra", "checkpoint", "grams");
  private static final LoadOptions OPTIONS =
      new LoadOptions(
          InferenceOptions.Device.CPU, new Workers(OptionalInt.of(1), 16), OptionalInt.empty());

  private final Path whole;
  private final Path work;

  private ModelFileCases(Path whole, Path work) {
    this.whole = whole;
    this.work = work;
  }

  /// @param arguments the whole directories, where to work, the first seed, and the last
  public static void main(String[] arguments) throws IOException {
    ModelFileCases cases = new ModelFileCases(Path.of(arguments[0]), Path.of(arguments[1]));
    for (long seed = Long.parseLong(arguments[2]); seed <= Long.parseLong(arguments[3]); seed++) {
      cases.one(seed);
    }
  }

  /// What was done to a directory.
  ///
  /// @param proven whether the files' digests still say what they were
  private record Damage(String what, boolean proven) {}

  private void one(long seed) throws IOException {
    Random random = Fuzz.random(seed);
    String name = Fault.of(names(random), random);
    Path directory = work.resolve("seed-" + seed);
    Files.writeString(work.resolve(NOW), "%d: %s".formatted(seed, name));
    WholeInputs.copy(whole.resolve(name), directory);
    Damage damage = damage(directory, name, random);
    Files.writeString(work.resolve(NOW), "%d: %s of %s".formatted(seed, damage.what(), name));
    String wrong = check(name, directory, damage);
    if (!wrong.isEmpty()) {
      Files.writeString(
          work.resolve(WRONG + "-" + seed),
          "seed %d: %s of %s: %s".formatted(seed, damage.what(), name, wrong));
    }
    WholeInputs.delete(directory);
  }

  private static List<String> names(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> CHECKPOINTS;
      case 1 -> List.of("adapter");
      default -> EXPORTS;
    };
  }

  private static Damage damage(Path directory, String name, Random random) throws IOException {
    List<String> what = new ArrayList<>();
    boolean proven = Files.exists(directory.resolve(Manifest.FILE_NAME));
    for (int i = random.nextInt(4) / 3; i >= 0; i--) {
      List<Path> files;
      try (Stream<Path> all = Files.walk(directory)) {
        files = all.filter(Files::isRegularFile).sorted().toList();
      }
      if (files.isEmpty()) {
        break;
      }
      Path file = Fault.of(files, random);
      proven &= !file.endsWith(Manifest.FILE_NAME);
      try {
        what.add(
            Fault.drawn(file, random).damage(file, random) + " in " + directory.relativize(file));
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        // What a fault before has left is no file of its kind any more.
        what.add("no more in " + directory.relativize(file));
      }
    }
    if (Files.isRegularFile(directory.resolve(Manifest.FILE_NAME)) && random.nextBoolean()) {
      try {
        WholeInputs.sign(directory);
        what.add("as the manifest says");
        proven = false;
      } catch (IOException | RuntimeException e) {
        // The manifest is what is damaged.
        what.add("not signed");
      }
    }
    return new Damage(String.join(", ", what), proven);
  }

  /// What is not as it should be; empty where nothing is.
  @SuppressWarnings("CatchThrowable") // An error is the worst of what is looked for.
  private String check(String name, Path directory, Damage damage) {
    try {
      List<String> answers = answers(name, directory);
      if (damage.proven() && !answers.equals(answers(name, whole.resolve(name)))) {
        return "answers otherwise: " + answers;
      }
      return "";
    } catch (NunchiException refused) {
      String message = ShownText.sentence(refused.getMessage());
      return message.isBlank() || message.length() > 2_000 ? "says " + message : "";
    } catch (UncheckedIOException e) {
      return e.getCause() instanceof FileSystemException ? "" : told(e);
    } catch (Throwable e) {
      return told(e);
    }
  }

  private static String told(Throwable thrown) {
    StringBuilder told = new StringBuilder(thrown.toString());
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      StackTraceElement[] trace = each.getStackTrace();
      for (int i = 0; i < Math.min(12, trace.length); i++) {
        told.append("\n    at ").append(trace[i]);
      }
    }
    return told.toString();
  }

  private List<String> answers(String name, Path directory) {
    if (CHECKPOINTS.contains(name)) {
      return opened(directory);
    }
    if (name.equals("adapter")) {
      try (SharedBases bases = SharedBases.open(List.of(whole.resolve("base")), OPTIONS);
          LoadedModel model = bases.load(directory)) {
        return classified(model);
      }
    }
    try (LoadedModel model = ModelLoader.load(directory, OPTIONS)) {
      return classified(model);
    }
  }

  private static List<String> classified(LoadedModel model) {
    List<CompletableFuture<Prediction>> asked =
        TEXTS.stream()
            .map(text ->
                model
                    .classifier()
                    .classify(text, Truncation.KEEP_HEAD, dev.nunchi.infer.Deadline.NONE))
            .toList();
    return asked.stream().map(ModelFileCases::logits).toList();
  }

  private static String logits(CompletableFuture<Prediction> asked) {
    try {
      return asked.join().logits().toString();
    } catch (java.util.concurrent.CompletionException e) {
      if (e.getCause() instanceof NunchiException refused) {
        throw refused;
      }
      throw e;
    }
  }

  /// What training and export read of a checkpoint; every weight.
  private static List<String> opened(Path directory) {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory);
        TextEncoder encoder =
            TextEncoder.open(
                checkpoint.tokenizerDirectory(),
                Normalizer.of(checkpoint.description().text().normalization()),
                checkpoint.description().text().maxLength())) {
      List<String> read = new ArrayList<>();
      checkpoint
          .network()
          .parameters()
          .forEach(parameter ->
              read.add(
                  parameter.name()
                      + Objects.requireNonNull(checkpoint.weights().get(parameter.name()))
                          .shape()
                          .toString()));
      TEXTS.forEach(text ->
          read.add(
              java.util.Arrays.toString(encoder.encode(text, Truncation.KEEP_HEAD).inputIds())));
      return read;
    }
  }
}
