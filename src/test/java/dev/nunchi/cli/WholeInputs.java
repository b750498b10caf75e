package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.model.Digests;
import dev.nunchi.model.Manifest;
import dev.nunchi.nn.TinyCheckpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/// One small input of each kind that the commands take, with nothing wrong: made by the commands
/// themselves, and from the fixtures.
///
/// | name | what |
/// | --- | --- |
/// | `tsv`, `csv`, `jsonl`, `gz` | a data directory of that format |
/// | `scratch.yaml`, `ngrams.yaml`, `tune.yaml` | recipes of two steps |
/// | `bert`, `electra` | published checkpoints, without a manifest; the second sharded |
/// | `checkpoint`, `grams` | checkpoints of ours: a transformer, and n-grams |
/// | `interrupted` | the output of a run that was killed after its first step |
/// | `model`, `grams-model` | exports of `checkpoint`, and of `grams` in int8 |
/// | `optimum` | an ONNX directory without a manifest |
final class WholeInputs {
  private static final String COMMON =
      """
      max_length: 24
      learning_rate: 1.0e-3
      num_train_epochs: 1
      max_steps: 2
      save_strategy: steps
      save_steps: 1
      save_total_limit: 0
      per_device_train_batch_size: 4
      labels: {부정: -1, 긍정: 1}
      threads: 1
      """;
  private static final String SCRATCH =
      COMMON
          + """
          tokenizer_vocab_size: 300
          model_config:
            model_type: bert
            hidden_size: 8
            num_hidden_layers: 1
            num_attention_heads: 2
            intermediate_size: 16
            max_position_embeddings: 24
            type_vocab_size: 1
          """;
  private static final String NGRAMS =
      COMMON
          + """
          tokenizer_type: characters
          optim: adagrad
          noise_share: 0.5
          model_config:
            model_type: ngram_linear
            ngram_buckets: 64
            ngram_max: 3
            open_ngram_max: 2
          """;

  private final Path directory;

  private WholeInputs(Path directory) {
    this.directory = directory;
  }

  static WholeInputs make(Path directory) throws IOException {
    WholeInputs inputs = new WholeInputs(directory);
    inputs.writeData();
    Files.writeString(directory.resolve("scratch.yaml"), SCRATCH);
    Files.writeString(directory.resolve("ngrams.yaml"), NGRAMS);
    Files.writeString(directory.resolve("tune.yaml"), COMMON);
    copy(TinyCheckpoint.BERT.path(), directory.resolve("bert"));
    copy(TinyCheckpoint.ELECTRA.path(), directory.resolve("electra"));
    delete(directory.resolve("bert").resolve("expected.json"));
    delete(directory.resolve("electra").resolve("expected.json"));
    TinyModel.write(directory.resolve("optimum"));
    Files.delete(directory.resolve("optimum").resolve(Manifest.FILE_NAME));
    inputs.run("train --recipe scratch.yaml --data tsv --output checkpoint");
    inputs.run("train --recipe ngrams.yaml --data tsv --output grams");
    copy(directory.resolve("checkpoint"), directory.resolve("interrupted"));
    for (Path entry : entries(directory.resolve("interrupted"))) {
      String name = entry.getFileName().toString();
      if (!List.of("checkpoint-1", "metrics.jsonl", "runs").contains(name)) {
        delete(entry);
      }
    }
    for (String trained : List.of("checkpoint", "grams")) {
      delete(directory.resolve(trained).resolve("checkpoint-1"));
      delete(directory.resolve(trained).resolve("checkpoint-2"));
      delete(directory.resolve(trained).resolve("runs"));
    }
    inputs.run("export --model checkpoint --output model");
    inputs.run(
        "export --model grams --output grams-model --precision int8 --calibration tsv/train.tsv"
            + " --validation tsv/validation.tsv");
    return inputs;
  }

  /// Copies an input for a test to damage.
  Path copy(String name, Path to) throws IOException {
    copy(directory.resolve(name), to);
    return to;
  }

  private void writeData() throws IOException {
    for (String split : List.of("train", "validation")) {
      List<String[]> rows = rows(split);
      StringBuilder tsv = new StringBuilder("id\tdocument\tlabel\n");
      StringBuilder csv = new StringBuilder("id,document,label\n");
      StringBuilder jsonl = new StringBuilder();
      for (String[] row : rows) {
        tsv.append(String.join("\t", row)).append('\n');
        csv.append("%s,\"%s\",%s\n".formatted((Object[]) row));
        jsonl.append(
            "{\"id\": \"%s\", \"document\": \"%s\", \"label\": \"%s\"}\n"
                .formatted((Object[]) row));
      }
      write("tsv", split + ".tsv", tsv);
      write("csv", split + ".csv", csv);
      write("jsonl", split + ".jsonl", jsonl);
      Path compressed = directory.resolve("gz").resolve(split + ".tsv.gz");
      Files.createDirectories(compressed.getParent());
      try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(compressed))) {
        out.write(tsv.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8));
      }
    }
  }

  private static List<String[]> rows(String split) {
    List<String> words = List.of("정말", "배우", "음악", "이야기", "장면", "어제", "친구랑", "극장에서");
    List<String[]> rows = new ArrayList<>();
    for (int i = 0; i < (split.equals("train") ? 16 : 8); i++) {
      String label = i % 2 == 0 ? "긍정" : "부정";
      String text =
          "영화 %s %s %s"
              .formatted(
                  words.get(i % 8),
                  words.get((i / 2 + split.length()) % 8),
                  i % 2 == 0 ? "재미있어요" : "지루해요");
      rows.add(new String[] {split + i, text, label});
    }
    return rows;
  }

  private void write(String format, String name, CharSequence rows) throws IOException {
    Path file = directory.resolve(format).resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, rows);
  }

  /// Runs a command whose words with a matching file are paths in the directory.
  private void run(String command) {
    List<String> options = List.of("--recipe", "--data", "--output", "--model", "--calibration");
    List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
    for (int i = 1; i < arguments.size(); i++) {
      String option = arguments.get(i - 1);
      if (options.contains(option) || option.equals("--validation")) {
        arguments.set(i, directory.resolve(arguments.get(i)).toString());
      }
    }
    StringWriter err = new StringWriter();
    int exitCode = InProcess.run(new StringWriter(), err, arguments.toArray());
    assertEquals(0, exitCode, command + "\n" + err);
  }

  /// Makes the manifest of a directory vouch for the files as they are now.
  static void sign(Path directory) throws IOException {
    Path file = directory.resolve(Manifest.FILE_NAME);
    ObjectNode manifest = (ObjectNode) new ObjectMapper().readTree(file.toFile());
    if (manifest.get("files") instanceof ObjectNode files) {
      for (String name : List.copyOf(files.properties()).stream().map(Map.Entry::getKey).toList()) {
        if (Files.isRegularFile(directory.resolve(name))) {
          files.put(name, Digests.sha256(directory.resolve(name)));
        }
      }
    }
    Files.writeString(file, manifest.toString());
  }

  /// A file, or a directory with all below it.
  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : all.toList()) {
        Path copied = to.resolve(from.relativize(each).toString());
        Files.createDirectories(copied.getParent());
        Files.copy(each, copied);
      }
    }
  }

  static void delete(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> all = Files.walk(path)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  private static List<Path> entries(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    }
  }
}
