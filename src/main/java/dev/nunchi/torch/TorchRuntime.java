package dev.nunchi.torch;

import dev.nunchi.NativeLibraries;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.RootCause;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import org.bytedeco.pytorch.global.torch;

/// Loads libtorch once for the process and settles how it uses threads.
///
/// On x86 the products of a network's linear layers go to oneDNN (see [MatrixProducts]), which
/// works with libtorch's own threads, OpenMP's; they wait for the next operation by spinning for a
/// moment, as they do in Python. OpenBLAS, which multiplies the rest, has threads of its own, and
/// waiting threads that spin take the cores from those that work: there it gets one thread.
/// Elsewhere it multiplies all, with all threads, and OpenMP's are put to sleep between operations.
/// Both have to stand in the environment before the first native class loads; a Java process can
/// only do that through `setenv` of the C library. What the environment has already is left as it
/// is.
///
/// The binding has limits of its own on the memory of the process, taken from the size of the Java
/// heap, near which it collects garbage and waits. They are lifted: tensors are freed by scopes,
/// and a small heap says nothing about them.
public final class TorchRuntime {
  private static final String WAIT_POLICY = "OMP_WAIT_POLICY";
  private static final String BLAS_THREADS = "OPENBLAS_NUM_THREADS";
  private static final String WORKSPACE = "CUBLAS_WORKSPACE_CONFIG";
  private static final String CACHE = "org.bytedeco.javacpp.cachedir";
  private static final List<String> LIMITS =
      List.of("org.bytedeco.javacpp.maxBytes", "org.bytedeco.javacpp.maxPhysicalBytes");
  private static boolean loaded;

  private TorchRuntime() {}

  /// Loads libtorch, or only sets the number of threads where it is loaded.
  ///
  /// @param threads threads inside one operation; 0 for one for each processor
  /// @throws NunchiException `UNAVAILABLE` where the training libraries are not on the class path
  ///   or cannot be loaded, `IO_FAILURE` where there is no folder to unpack them to
  public static synchronized void load(int threads) {
    if (!loaded) {
      if (System.getProperty("os.arch").equals("amd64")) {
        setenv(BLAS_THREADS, "1");
      } else {
        setenv(WAIT_POLICY, "passive");
      }
      // Without it cuBLAS does not sum in the same order every time.
      setenv(WORKSPACE, ":4096:8");
      NativeHeap.giveLargeTensorsOwnPages();
    }
    if (!isOnClassPath()) {
      throw new NunchiException(
          Reason.UNAVAILABLE,
          "The training libraries (libtorch) are not on the class path or not for this system; "
              + "start the command through the launcher ./nunchi");
    }
    if (System.getProperty(CACHE) == null) {
      System.setProperty(CACHE, NativeLibraries.ofProcess().folder("javacpp").toString());
    }
    for (String limit : LIMITS) {
      if (System.getProperty(limit) == null) {
        System.setProperty(limit, "0");
      }
    }
    try {
      CudaLibraries.unpack();
      torch.set_num_threads(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
    } catch (LinkageError e) {
      throw new NunchiException(
          Reason.UNAVAILABLE,
          "libtorch cannot be unpacked to %s, which takes 450 MB of disk, or not be loaded from there: %s"
              .formatted(System.getProperty(CACHE), RootCause.of(e).getMessage()),
          e);
    }
    loaded = true;
  }

  /// Whether there is libtorch for this system, without loading it.
  private static boolean isOnClassPath() {
    return TorchRuntime.class.getResource("/org/bytedeco/pytorch/global/torch.class") != null;
  }

  /// Threads inside one operation.
  public static int threads() {
    return torch.get_num_threads();
  }

  /// Leaves what is set.
  private static void setenv(String name, String value) {
    Linker linker = Linker.nativeLinker();
    linker
        .defaultLookup()
        .find("setenv")
        .ifPresent(address -> {
          MethodHandle setenv =
              linker.downcallHandle(
                  address,
                  FunctionDescriptor.of(
                      ValueLayout.JAVA_INT,
                      ValueLayout.ADDRESS,
                      ValueLayout.ADDRESS,
                      ValueLayout.JAVA_INT));
          try (Arena arena = Arena.ofConfined()) {
            int unused =
                (int) setenv.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
          } catch (Throwable e) {
            throw new IllegalStateException("setenv failed", e);
          }
        });
  }
}
