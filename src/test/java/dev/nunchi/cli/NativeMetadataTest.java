package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/// What the native image is told of access by name, against the native libraries and the commands
/// as they are: GraalVM sees neither, and what it is not told is missing only when it runs.
class NativeMetadataTest {
  private static final Path FILE =
      Path.of(
          "src/main/resources/META-INF/native-image/dev.nunchi/nunchi/reachability-metadata.json");

  private static final List<String> LIBRARIES =
      List.of(
          "/ai/onnxruntime/native/linux-x64/libonnxruntime4j_jni.so",
          "/native/lib/linux-x86_64/cpu/libtokenizers.so");

  /// Names of classes as C and Rust hand them to JNI's FindClass, which stand in a library's data.
  private static final Pattern CLASS_NAME =
      Pattern.compile("ai/(onnxruntime|djl)/[\\w/]*[A-Z]\\w+");

  @Test
  void metadata_everyClassThatNativeCodeFinds_isThereWithItsMembers() throws IOException {
    Set<String> found = new TreeSet<>();
    for (String library : LIBRARIES) {
      found.addAll(classesNamedIn(library));
    }
    assertTrue(found.contains("ai.onnxruntime.OrtException"), found::toString);
    assertTrue(found.contains("ai.djl.huggingface.tokenizers.jni.CharSpan"), found::toString);
    Set<String> described =
        entries()
            .filter(entry -> entry.path("jniAccessible").asBoolean())
            .filter(NativeMetadataTest::hasAllMembers)
            .map(entry -> entry.path("type").asText())
            .collect(Collectors.toCollection(TreeSet::new));
    described.removeIf(name -> name.startsWith("java."));
    assertEquals(found, described);
  }

  @Test
  void metadata_everyClassThatPicocliReadsByReflection_isThere() throws IOException {
    Set<String> described =
        entries()
            .filter(entry -> !entry.path("jniAccessible").asBoolean())
            .filter(NativeMetadataTest::hasAllMembers)
            .map(entry -> entry.path("type").asText())
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(commandClasses(), described);
  }

  @Test
  void metadata_resources_areThere() throws IOException {
    for (JsonNode resource : new JsonMapper().readTree(FILE.toFile()).path("resources")) {
      String glob = resource.path("glob").asText();
      if (!glob.contains("*")) {
        assertTrue(getClass().getResource("/" + glob) != null, glob);
      }
    }
  }

  private static boolean hasAllMembers(JsonNode entry) {
    return Stream.of("allDeclaredConstructors", "allDeclaredMethods", "allDeclaredFields")
        .allMatch(members -> entry.path(members).asBoolean());
  }

  private static Stream<JsonNode> entries() throws IOException {
    JsonNode entries = new JsonMapper().readTree(FILE.toFile()).path("reflection");
    return entries.valueStream();
  }

  private static Set<String> classesNamedIn(String library) throws IOException {
    try (InputStream in = NativeMetadataTest.class.getResourceAsStream(library)) {
      assertTrue(in != null, library);
      // Texts of Rust stand one behind another, so the longest beginning that is a class counts.
      return CLASS_NAME
          .matcher(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1))
          .results()
          .map(result -> longestClass(result.group().replace('/', '.')))
          .flatMap(List::stream)
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static List<String> longestClass(String text) {
    for (int end = text.length(); end > text.lastIndexOf('.') + 1; end--) {
      try {
        return List.of(
            Class.forName(text.substring(0, end), false, NativeMetadataTest.class.getClassLoader())
                .getName());
      } catch (ClassNotFoundException | NoClassDefFoundError e) {
        continue;
      }
    }
    return List.of();
  }

  /// Classes of this package with an annotation of picocli, on themselves or on a member, and what
  /// picocli makes by their classes.
  private static Set<String> commandClasses() throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> sources = Files.list(Path.of("src/main/java/dev/nunchi/cli"))) {
      for (Path source : sources.toList()) {
        String name = source.getFileName().toString().replace(".java", "");
        if (name.equals("package-info")) {
          continue;
        }
        Class<?> type = load("dev.nunchi.cli." + name);
        if (Stream.concat(Stream.of(type), Arrays.stream(type.getDeclaredFields()))
            .anyMatch(NativeMetadataTest::isPicoclis)) {
          names.add(type.getName());
          CommandLine.Command command = type.getAnnotation(CommandLine.Command.class);
          if (command != null && command.versionProvider().getPackage() == type.getPackage()) {
            names.add(command.versionProvider().getName());
          }
          for (Field field : type.getDeclaredFields()) {
            CommandLine.Option option = field.getAnnotation(CommandLine.Option.class);
            if (option != null) {
              Arrays.stream(option.converter()).map(Class::getName).forEach(names::add);
            }
          }
        }
      }
    }
    return names;
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, NativeMetadataTest.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean isPicoclis(AnnotatedElement element) {
    return Arrays.stream(element.getAnnotations())
        .anyMatch(
            annotation -> annotation.annotationType().getName().startsWith("picocli.CommandLine$"));
  }
}
