package dev.nunchi.cli;

import dev.nunchi.faults.Fault;
import dev.nunchi.faults.RecipeFault;
import dev.nunchi.model.Manifest;
import dev.nunchi.train.RecipeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/// A command with one thing wrong in what it is given; all of it follows from the seed.
///
/// @param directory what the command is given and writes lies below it
/// @param arguments the command line
/// @param fault what is wrong, in words
/// @param names an error names one of them
record FaultCase(
    long seed, Path directory, List<String> arguments, String fault, Set<String> names) {
  /// What commands read, and for which the user answers.
  static final String INPUT = "input";

  private static final List<String> CHECKPOINTS = List.of("bert", "electra", "checkpoint", "grams");
  private static final List<String> EXPORTS = List.of("model", "grams-model", "optimum");
  private static final List<String> FORMATS = List.of("tsv", "csv", "jsonl", "gz");
  private static final List<String> HOSTILE =
      List.of(
          "",
          " ",
          "-1",
          "0",
          "1",
          "2147483648",
          "1e3",
          "NaN",
          "null",
          "\0",
          "가".repeat(5000),
          "한글",
          "\ud83d",
          "a=b",
          "=",
          "cuda",
          "int8",
          "fp16",
          "torch",
          "onnx",
          "keep-head");

  private static final List<String> KEYS =
      Stream.concat(
              RecipeReader.read("bert-small", Map.of()).keys().properties().stream()
                  .map(Map.Entry::getKey),
              Stream.of(
                  "model_type",
                  "hidden_size",
                  "num_hidden_layers",
                  "num_attention_heads",
                  "intermediate_size",
                  "max_position_embeddings",
                  "type_vocab_size",
                  "ngram_buckets",
                  "ngram_max"))
          .toList();

  /// Writes the inputs below `directory` and damages one of them.
  static FaultCase of(long seed, WholeInputs whole, Path directory) throws IOException {
    // Neighbouring seeds of Random begin alike.
    Random random = new Random(seed * 0x9E3779B97F4A7C15L);
    return new Maker(seed, whole, directory, random).make();
  }

  private static final class Maker {
    private final long seed;
    private final WholeInputs whole;
    private final Path directory;
    private final Path input;
    private final Random random;
    private final List<String> arguments = new ArrayList<>();
    private final List<Path> damageable = new ArrayList<>();
    private final Set<String> names = new LinkedHashSet<>();

    Maker(long seed, WholeInputs whole, Path directory, Random random) {
      this.seed = seed;
      this.whole = whole;
      this.directory = directory;
      this.input = directory.resolve(INPUT);
      this.random = random;
    }

    FaultCase make() throws IOException {
      switch (random.nextInt(10)) {
        case 0 -> train(Fault.of(List.of("scratch", "ngrams"), random), "");
        case 1 -> tune();
        case 2 -> train(Fault.of(List.of("scratch", "ngrams"), random), "--dry-run");
        case 3 -> resume();
        case 4 -> evaluate();
        case 5 -> export("fp32");
        case 6 -> export("int8");
        case 7 -> classify();
        case 8 -> serve();
        case 9 -> trim();
        default -> throw new AssertionError();
      }
      boolean serving = arguments.getFirst().equals("serve");
      String fault =
          !serving && random.nextInt(8) == 0 ? damageArguments() : damage(chosen(damageable));
      return new FaultCase(seed, directory, List.copyOf(arguments), fault, Set.copyOf(names));
    }

    private void train(String recipe, String mode) throws IOException {
      String format = Fault.of(FORMATS, random);
      arguments.addAll(
          List.of(
              "train",
              "--recipe",
              given(recipe + ".yaml").toString(),
              "--data",
              given(format).toString(),
              "--output",
              output().toString()));
      if (!mode.isEmpty()) {
        arguments.add(mode);
      }
    }

    private void tune() throws IOException {
      train("tune", random.nextInt(3) == 0 ? "--dry-run" : "");
      arguments.add("--set");
      arguments.add("model_name_or_path=" + given(Fault.of(CHECKPOINTS, random)));
    }

    private void resume() throws IOException {
      train("scratch", "--resume");
      names.add(output().toString());
      Path run = whole.copy("interrupted", output());
      damageable.add(run);
      damageable.add(run);
    }

    private void evaluate() throws IOException {
      String format = Fault.of(FORMATS, random);
      Path model = given(Fault.of(both(), random));
      Path data = only(given(format), "validation");
      arguments.addAll(
          List.of(
              "evaluate",
              "--model",
              model.toString(),
              "--data",
              data.toString(),
              "--output",
              output().toString()));
      if (random.nextInt(4) == 0) {
        arguments.add("--noise=emoji");
      }
    }

    private void export(String precision) throws IOException {
      Path model =
          given(
              Fault.of(precision.equals("int8") ? CHECKPOINTS.subList(2, 4) : CHECKPOINTS, random));
      arguments.addAll(
          List.of("export", "--model", model.toString(), "--output", output().toString()));
      arguments.addAll(List.of("--precision", precision));
      if (precision.equals("int8")) {
        Path data = given(Fault.of(FORMATS, random));
        arguments.addAll(
            List.of(
                "--calibration",
                file(data, "train").toString(),
                "--validation",
                file(data, "validation").toString()));
      }
    }

    private void classify() throws IOException {
      Path model = given(Fault.of(both(), random));
      arguments.addAll(List.of("classify", "--model", model.toString()));
      arguments.add("--format=" + Fault.of(List.of("table", "tsv", "jsonl"), random));
      if (random.nextBoolean()) {
        Path data = given(Fault.of(FORMATS, random));
        arguments.addAll(List.of("--input", only(data, "train").toString()));
      } else {
        arguments.addAll(List.of("영화 정말 재미있어요", "시간이 아까워요"));
      }
    }

    private void trim() throws IOException {
      Path model = given(Fault.of(CHECKPOINTS.subList(0, 2), random));
      Path data = given(Fault.of(FORMATS, random));
      arguments.addAll(List.of("models", "trim", model.toString()));
      arguments.addAll(List.of("--texts", only(data, "train").toString()));
      arguments.addAll(List.of("--output", output().toString(), "--characters=used"));
    }

    private void serve() throws IOException {
      arguments.addAll(List.of("serve", "--model", given(Fault.of(EXPORTS, random)).toString()));
    }

    private static List<String> both() {
      return Stream.concat(CHECKPOINTS.stream(), EXPORTS.stream()).toList();
    }

    private Path output() {
      return directory.resolve("output");
    }

    /// An input that the command is given, and that may be damaged.
    private Path given(String name) throws IOException {
      Path given = whole.copy(name, input.resolve(name));
      damageable.add(given);
      return given;
    }

    /// The file of a split; the other one goes.
    private Path only(Path data, String split) throws IOException {
      WholeInputs.delete(file(data, split.equals("train") ? "validation" : "train"));
      return file(data, split);
    }

    private static Path file(Path data, String split) throws IOException {
      try (Stream<Path> files = Files.list(data)) {
        return files
            .filter(file -> file.getFileName().toString().startsWith(split))
            .findFirst()
            .orElseThrow();
      }
    }

    private Path chosen(List<Path> given) throws IOException {
      Path whole = Fault.of(given, random);
      try (Stream<Path> below = Files.walk(whole)) {
        return Fault.of(below.filter(Files::isRegularFile).sorted().toList(), random);
      }
    }

    private String damage(Path file) throws IOException {
      Fault fault = Fault.drawn(file, random);
      String what = fault.damage(file, random);
      String signed = "";
      Path parent = Objects.requireNonNull(file.getParent());
      Path manifest = parent.resolve(Manifest.FILE_NAME);
      if (Files.exists(manifest)
          && !file.equals(manifest)
          && Files.isRegularFile(file)
          && random.nextBoolean()) {
        WholeInputs.sign(parent);
        signed = ", as the manifest says";
      }
      names.add(file.getFileName().toString());
      names.add(parent.toString());
      names.add("The model " + parent.getFileName());
      if (arguments.getFirst().equals("train") && file.toString().endsWith(".yaml")) {
        names.addAll(KEYS);
        boundTime();
      }
      return "%s of %s%s".formatted(what, directory.relativize(file), signed);
    }

    /// A recipe may ask for a training of years: then what is tried is what is said before.
    private void boundTime() {
      if (!arguments.contains("--resume") && !arguments.contains("--dry-run")) {
        if (random.nextBoolean()) {
          arguments.add("--dry-run");
        }
      }
    }

    private String damageArguments() throws IOException {
      String value = Fault.of(HOSTILE, random);
      String command = arguments.getFirst();
      if (command.equals("train") && random.nextInt(3) > 0) {
        String key = Fault.of(KEYS, random);
        String set = RecipeFault.value(random);
        arguments.add("--set");
        arguments.add(key + "=" + set);
        // What is wrong with a key may be that the data has nothing of that name.
        names.addAll(List.of(key, "--set", input.toString()));
        if (!set.isBlank()) {
          names.add(set);
        }
        boundTime();
        return "--set %s=%s".formatted(key, shortened(set));
      }
      List<String> options = new ArrayList<>();
      for (String argument : arguments) {
        if (argument.startsWith("--")
            && !List.of("--resume", "--dry-run").contains(argument)
            && !argument.contains("=")) {
          options.add(argument);
        }
      }
      String option = Fault.of(options, random);
      int at = arguments.indexOf(option) + 1;
      String path = path(value);
      boolean isPath = !option.equals("--precision") && !option.equals("--set");
      arguments.set(at, isPath ? path : value);
      names.add(option);
      names.add(directory.toString());
      names.add(option.equals("--recipe") ? "recipe" : option);
      return "%s is %s".formatted(option, shortened(isPath ? path : value));
    }

    /// A path that is wrong, never one outside the directory.
    private String path(String value) throws IOException {
      return switch (random.nextInt(6)) {
        case 0 -> Files.writeString(directory.resolve("a-file"), "of another kind\n").toString();
        case 1 -> Files.writeString(directory.resolve("a-file"), "x\n").resolve("below").toString();
        case 2 -> Files.createDirectory(directory.resolve("an-empty-directory")).toString();
        case 3 ->
            Files.createSymbolicLink(directory.resolve("loop"), directory.resolve("loop"))
                .toString();
        case 4 -> "";
        default -> directory + "/" + value;
      };
    }

    private static String shortened(String value) {
      return value.substring(0, Math.min(value.length(), 60));
    }
  }

  /// How to have it again.
  String reproduction() {
    return "mvn test -Dtest=FaultsTest -Dnunchi.faults.first=%d -Dnunchi.faults.seeds=1 -Dnunchi.faults.debug=1"
        .formatted(seed);
  }

  @Override
  public String toString() {
    return "seed %d: %s; nunchi %s"
        .formatted(
            seed,
            fault,
            String.join(" ", arguments)
                .replace(directory + "/", "")
                .replaceAll("(.{400}).*", "$1…"));
  }
}
