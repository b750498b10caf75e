package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NoFile;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.model.CopiedDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Models where something else than a file has a file's name. To read some of these takes for ever.
@Timeout(60)
class ModelFileKindsTest {
  private static final List<String> NAMES =
      List.of(
          "model.onnx",
          "model.onnx.data",
          "tokenizer.json",
          "tokenizer_config.json",
          "config.json",
          "nunchi.json",
          "listed.txt");

  private static final LoadOptions OPTIONS =
      new LoadOptions(Device.CPU, new Workers(OptionalInt.of(1), 16), OptionalInt.empty());

  @TempDir private static Path shared;
  private static Path tiny = Path.of("");

  @TempDir private Path folder;

  @BeforeAll
  static void write() throws IOException {
    tiny = TinyModel.write(shared.resolve("tiny"));
    // What the manifest lists is read too, whatever it is for.
    Path manifest = tiny.resolve("nunchi.json");
    Files.writeString(
        manifest,
        Files.readString(manifest)
            .replaceFirst("\"files\" *: *\\{", "$0 \"listed.txt\": \"%064d\",".formatted(0)));
    Files.writeString(tiny.resolve("listed.txt"), "");
  }

  static Stream<Arguments> kinds() {
    return NAMES.stream()
        .flatMap(name -> Stream.of(NoFile.values()).map(kind -> Arguments.of(name, kind)));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void load_noFileUnderAFilesName_isRefusedInASentence(String name, NoFile kind) throws Exception {
    Path directory = CopiedDirectory.of(tiny, folder.resolve("model"));
    Path file = directory.resolve(name);
    assertTrue(Files.isRegularFile(file), name);
    kind.put(file);
    NunchiException refused =
        assertThrows(NunchiException.class, () -> ModelLoader.load(directory, OPTIONS).close());
    assertEquals(Reason.INVALID_MODEL, refused.reason());
    assertEquals(file + " " + kind.words(), refused.getMessage());
  }
}
