package dev.nunchi.infer;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import dev.nunchi.NunchiException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// ONNX Runtime's environment, one for the process, with its telemetry off.
///
/// From 1.29 on the library sends telemetry from Linux and macOS as soon as it is loaded, and can
/// crash the process over it (<https://github.com/microsoft/onnxruntime/issues/32173>). What it
/// offers against that in time is an environment variable, so this sets it before the library is
/// loaded.
final class OnnxRuntime {
  private static final String DISABLE_TELEMETRY = "ORT_DISABLE_TELEMETRY";
  private static @Nullable OrtEnvironment environment;

  private OnnxRuntime() {}

  /// @throws NunchiException `IO_FAILURE` where the library cannot be unpacked, `UNAVAILABLE` where
  ///   the system cannot load it
  static synchronized OrtEnvironment environment() throws OrtException {
    OrtEnvironment known = environment;
    if (known == null) {
      disableTelemetry();
      OnnxRuntimeFiles.prepare();
      try {
        known = OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "nunchi");
      } catch (LinkageError e) {
        throw OnnxRuntimeFiles.unusable(e);
      }
      OnnxRuntimeFiles.cleanUp();
      // Windows has another kind, which this turns off.
      known.setTelemetry(false);
      environment = known;
    }
    return known;
  }

  private static void disableTelemetry() {
    if (System.getenv(DISABLE_TELEMETRY) != null
        || System.getProperty("os.name").startsWith("Windows")) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    MethodHandle setenv =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("setenv"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(DISABLE_TELEMETRY);
      int result = (int) setenv.invokeExact(name, arena.allocateFrom("1"), 1);
      if (result != 0) {
        throw new IllegalStateException("setenv failed");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("setenv failed", e);
    }
  }
}
