package dev.nunchi.text;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import dev.nunchi.NativeLibraries;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Loads the native library of Hugging Face tokenizers once for the process, from
/// [NativeLibraries].
final class TokenizerLibrary {
  /// Names the library itself: DJL fails on the folder of it.
  private static final String PATH = "RUST_LIBRARY_PATH";

  private static final String NAME = System.mapLibraryName("tokenizers");

  private TokenizerLibrary() {}

  /// @throws NunchiException `IO_FAILURE` where it cannot be unpacked, `UNAVAILABLE` where the
  ///   system cannot load it
  static synchronized void load() {
    // Without these the library reports its use over the network, and on a machine with CUDA
    // downloads another native library.
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.offline", "true");
    URL library = resource();
    if (library != null && System.getenv(PATH) == null && System.getProperty(PATH) == null) {
      Path folder = NativeLibraries.ofProcess().unpack("tokenizers", List.of(library));
      System.setProperty(PATH, folder.resolve(NAME).toString());
    }
    try {
      LibUtils.checkStatus();
    } catch (EngineException | LinkageError e) {
      throw new NunchiException(
          Reason.UNAVAILABLE,
          "The native library of Hugging Face tokenizers cannot be loaded%s: %s"
              .formatted(
                  System.getProperty(PATH) == null ? "" : " from " + System.getProperty(PATH),
                  e.getCause() == null ? e.getMessage() : e.getCause().getMessage()),
          e);
    }
  }

  /// Null on a system whose library is several files, which it unpacks itself.
  private static @Nullable URL resource() {
    String system = System.getProperty("os.name");
    String prefix =
        system.startsWith("Linux") ? "linux" : system.startsWith("Mac") ? "osx" : "other";
    String architecture = System.getProperty("os.arch").replace("amd64", "x86_64");
    return HuggingFaceTokenizer.class.getResource(
        "/native/lib/%s-%s/cpu/%s".formatted(prefix, architecture, NAME));
  }
}
