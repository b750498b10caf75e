package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.model.SafetensorsBytes;
import dev.nunchi.nn.TinyCheckpoint;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The recipes that fine-tune decoders, each from data to answers on a tiny checkpoint of its
/// family without a head, as published ones are.
class RecipesTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /// A recipe, and what its data looks like.
  private enum Case {
    NSMC_LLAMA3("nsmc-llama3", TinyCheckpoint.LLAMA, List.of("부정", "긍정"), List.of("0", "1")),
    EMOTION4_GEMMA2_QLORA(
        "emotion4-gemma2-qlora",
        TinyCheckpoint.GEMMA2,
        List.of("무감정", "슬픔", "기쁨", "분노"),
        List.of("0", "1", "2", "3")),
    YOUTUBE3_GEMMA2_LORA(
        "youtube3-gemma2-lora",
        TinyCheckpoint.GEMMA2,
        List.of("긍정", "중립", "부정"),
        List.of("긍정", "중립", "부정"),
        "--context-column",
        "summary"),
    GEMMA3_270M_LORA(
        "gemma3-270m-lora", TinyCheckpoint.GEMMA3, List.of("공포", "기쁨"), List.of("공포", "기쁨"));

    private final String recipe;
    private final TinyCheckpoint family;
    private final List<String> labels;
    private final List<String> values;
    private final List<String> columns;

    /// @param values of the data's label column
    /// @param columns arguments of what reads the data
    Case(
        String recipe,
        TinyCheckpoint family,
        List<String> labels,
        List<String> values,
        String... columns) {
      this.recipe = recipe;
      this.family = family;
      this.labels = labels;
      this.values = values;
      this.columns = List.of(columns);
    }
  }

  @TempDir private Path directory;
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @EnumSource
  void recipe_tinyCheckpointOfItsFamily_runsFromDataToAnswers(Case tried) throws IOException {
    Path base = base(tried.family);
    Path data = Files.createDirectory(directory.resolve("data"));
    Path test = Files.writeString(data.resolve("test.tsv"), rows(tried, 12));
    Files.writeString(data.resolve("train.tsv"), rows(tried, 36));
    Files.writeString(data.resolve("validation.tsv"), rows(tried, 12));
    Path trained = directory.resolve("trained");
    run(
        List.of("train", "--recipe", tried.recipe, "--data", data, "--output", trained),
        List.of("--set", "model_name_or_path=" + base, "--set", "threads=1"));
    assertEquals(
        !tried.recipe.contains("lora"), Files.exists(trained.resolve("model.safetensors")));

    Path evaluation = directory.resolve("evaluation");
    run(
        List.of("evaluate", "--model", trained, "--data", test, "--output", evaluation),
        tried.columns);
    JsonNode metrics = json(Files.readString(evaluation.resolve("metrics.json")));
    assertEquals(12, metrics.get("count").intValue());

    Path exported = directory.resolve("exported");
    run(List.of("export", "--model", trained, "--output", exported), List.of());
    String answers =
        run(
            List.of("classify", "--model", exported, "--input", test, "--format", "jsonl"),
            tried.columns);
    List<String> lines = answers.lines().toList();
    assertEquals(12, lines.size());
    for (String line : lines) {
      assertEquals(tried.labels, names(json(line).get("scores")));
    }
  }

  private static Path copied(TinyCheckpoint family, Path destination) throws IOException {
    Path copy = CopiedDirectory.of(family.path(), destination);
    Files.delete(copy.resolve("expected.json"));
    return copy;
  }

  /// Of the tiny checkpoint what a published base has: no head, no labels, and a long window.
  private Path base(TinyCheckpoint family) throws IOException {
    Path base = copied(family, directory.resolve("base"));
    SafetensorsBytes.keep(base.resolve("model.safetensors"), name -> !name.startsWith("score."));
    CopiedDirectory.edit(
        base.resolve("config.json"),
        config -> {
          config.remove(List.of("id2label", "label2id", "problem_type", "architectures"));
          config.put("max_position_embeddings", 8192);
        });
    return base;
  }

  private static String rows(Case tried, int count) {
    List<String> words = List.of("정말 재미있어요", "너무 지루해요", "그냥 그래요", "눈물이 나요");
    boolean context = !tried.columns.isEmpty();
    StringBuilder rows =
        new StringBuilder("id\tdocument\t" + (context ? "summary\t" : "") + "label\n");
    for (int i = 0; i < count; i++) {
      int label = i % tried.values.size();
      rows.append("%d\t%s %d번\t".formatted(i, words.get(label), i % 7))
          .append(context ? (i % 5 == 0 ? "" : "요리사가 김치찌개를 끓입니다") + "\t" : "")
          .append(tried.values.get(label))
          .append('\n');
    }
    return rows.toString();
  }

  private String run(List<?> arguments, List<?> more) {
    StringWriter out = new StringWriter();
    assertEquals(
        0,
        InProcess.run(out, err, Stream.concat(arguments.stream(), more.stream()).toArray()),
        err::toString);
    return out.toString();
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static JsonNode json(String text) throws IOException {
    return MAPPER.readTree(text);
  }
}
