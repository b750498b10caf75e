package dev.nunchi.infer;

import ai.onnxruntime.OrtException;
import dev.nunchi.NativeLibraries;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.RootCause;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// ONNX Runtime's native libraries, from [NativeLibraries].
///
/// Left to itself the Java binding unpacks them anew for each process, into a temporary folder that
/// stays behind when the process is killed.
final class OnnxRuntimeFiles {
  private static final String FOLDER = "onnxruntime.native.path";

  /// All that the binding may load here; which of them there are depends on the build.
  private static final List<String> LIBRARIES =
      List.of(
          "onnxruntime",
          "onnxruntime4j_jni",
          "onnxruntime_providers_shared",
          "onnxruntime_providers_cuda");

  private OnnxRuntimeFiles() {}

  /// To be called before the first class of the binding is initialised.
  static void prepare() {
    requireTemporaryFolder();
    List<URL> libraries =
        LIBRARIES.stream().map(OnnxRuntimeFiles::resource).filter(Objects::nonNull).toList();
    if (!libraries.isEmpty() && System.getProperty(FOLDER) == null) {
      System.setProperty(
          FOLDER, NativeLibraries.ofProcess().unpack("onnxruntime", libraries).toString());
    }
  }

  /// Deletes the temporary folder that the binding made and, its libraries being elsewhere, left
  /// empty. It is deleted at the end otherwise, but not where the process is killed.
  static void cleanUp() {
    try {
      Field field = Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("tempDirectory");
      field.setAccessible(true);
      if (field.get(null) instanceof Path folder && isEmpty(folder)) {
        Files.delete(folder);
      }
    } catch (ReflectiveOperationException | IOException | RuntimeException e) {
      // Another version of the binding: the folder goes at the end.
    }
  }

  /// What loading threw, in the user's words.
  static NunchiException unusable(LinkageError failure) {
    return new NunchiException(
        Reason.UNAVAILABLE,
        "ONNX Runtime cannot be loaded from %s: %s"
            .formatted(System.getProperty(FOLDER, "its jar"), RootCause.of(failure).getMessage()),
        failure);
  }

  private static void requireTemporaryFolder() {
    try {
      Files.delete(Files.createTempDirectory("nunchi"));
    } catch (IOException e) {
      throw new NunchiException(
          Reason.IO_FAILURE,
          "The folder for temporary files, %s, cannot be written, and ONNX Runtime needs it; make it writable, or name another: JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=DIR"
              .formatted(System.getProperty("java.io.tmpdir")),
          e);
    }
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isEmpty();
    }
  }

  private static @Nullable URL resource(String library) {
    String system = System.getProperty("os.name");
    String prefix = system.startsWith("Linux") ? "linux" : system.startsWith("Mac") ? "osx" : "win";
    String architecture =
        System.getProperty("os.arch").replace("amd64", "x64").replace("x86_64", "x64");
    return OrtException.class.getResource(
        "/ai/onnxruntime/native/%s-%s/%s"
            .formatted(prefix, architecture, System.mapLibraryName(library)));
  }
}
